// Cuts a long message where a reader would turn the page.
import { parse } from './teams-markdown.js';

/** 28 KB of UTF-16: the smallest limit Microsoft ever named, so that every client and tenant takes the message. */
export const MESSAGE_LIMIT = 14_336;

/**
 * Parts of at most `limit` UTF-16 units, cut between blocks; a longer block is cut at lines, then at words. A fence that
 * is cut is closed and opened again, and a marker `[n]` stays with the words before it. `limit` is at least 200.
 */
export function splitMessage(text: string, limit = MESSAGE_LIMIT): string[] {
  if (text.length <= limit) return [text];
  const parts: string[] = [];
  let part = '';
  for (const block of blocksOf(text).flatMap((each) => splitBlock(each, limit))) {
    const joined = part === '' ? block : `${part}\n\n${block}`;
    if (joined.length <= limit) {
      part = joined;
    } else {
      parts.push(part);
      part = block;
    }
  }
  if (part !== '') parts.push(part);
  return parts;
}

interface Block {
  readonly text: string;
  readonly fenced: boolean;
}

function blocksOf(text: string): Block[] {
  const { children } = parse(text);
  return children.map((node, at) => {
    const end = children[at + 1]?.position?.start.offset ?? text.length;
    return {
      text: text.slice(node.position?.start.offset ?? 0, end).trimEnd(),
      fenced: node.type === 'code' && /^\s*(`{3,}|~{3,})/.test(text.slice(node.position?.start.offset ?? 0)),
    };
  });
}

function splitBlock({ text, fenced }: Block, limit: number): string[] {
  if (text.length <= limit) return [text];
  if (!fenced) return pack(text.split('\n'), limit);
  const [open = '```', ...lines] = text.split('\n');
  const fence = /^\s*(`{3,}|~{3,})/.exec(open)?.[1] ?? '```';
  const info = open.length <= 60 ? open : fence;
  if (lines.at(-1)?.trim().startsWith(fence)) lines.pop();
  const room = limit - info.length - fence.length - 2;
  return pack(lines, room).map((piece) => `${info}\n${piece}\n${fence}`);
}

/** Lines put together up to `room`; a line that is longer is cut at a space, or anywhere when it has none. */
function pack(lines: readonly string[], room: number): string[] {
  const pieces: string[] = [];
  let piece: string | undefined;
  for (const line of lines.flatMap((each) => cutLine(each, room))) {
    if (piece === undefined) piece = line;
    else if (piece.length + 1 + line.length <= room) piece += `\n${line}`;
    else {
      pieces.push(piece);
      piece = line;
    }
  }
  if (piece !== undefined) pieces.push(piece);
  return pieces.filter((each) => each.trim() !== '');
}

function cutLine(line: string, room: number): string[] {
  const cut: string[] = [];
  let rest = line;
  while (rest.length > room) {
    const at = cutPoint(rest, room);
    cut.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  cut.push(rest);
  return cut;
}

/** The last space within `room` that no marker follows; without one, the last place that parts no character or marker. */
function cutPoint(text: string, room: number): number {
  for (let at = room; at > room / 2; at -= 1) {
    if (text[at] === ' ' && text[at + 1] !== '[') return at;
  }
  let at = room;
  const marker = text.slice(at - 5, at).lastIndexOf('[');
  if (marker >= 0 && /^\[\d{0,3}$/.test(text.slice(at - 5 + marker, at))) at = at - 5 + marker;
  return /[\ud800-\udbff]/.test(text[at - 1] ?? '') ? at - 1 : at;
}
