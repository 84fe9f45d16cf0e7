// An answer, a draft or a notice as Slack messages: blocks, the line for notifications, and a plain form to fall back to.
import type { KnownBlock, RichTextBlock, RichTextElement } from '@slack/types';
import type { RootContent } from 'mdast';
import {
  type Answer,
  type Citation,
  type Notice,
  nearestLine,
  placesOf,
} from '../../../src/conversation/answer.js';
import type { SafeMarkdown } from '../../../src/safety/sanitise.js';
import { parseMarkdown, sizeOf, textOf } from './markdown.js';
import { richBlocks, text } from './rich-text.js';
import { splitBlocks } from './split.js';
import { escaped, unpinged } from './unpinged.js';

/**
 * Characters of one message, sources included. Slack refuses blocks of somewhere between 11,000 and 13,000 characters
 * together (`msg_blocks_too_long`, undocumented), and counts more than the reader sees.
 */
export const MESSAGE_CHARS = 9_000;

/** One message to send. */
export interface MessagePart {
  readonly blocks: readonly KnownBlock[];
  /** mrkdwn for notifications and screen readers: the first line of what is said. */
  readonly text: string;
  /** The same content in blocks that Slack cannot call invalid; sent when it refuses the others. */
  readonly plain: readonly KnownBlock[];
}

/** The whole answer, split into as many messages as its length needs; the sources stand in the last. */
export function answerParts(answer: Answer, limit = MESSAGE_CHARS): MessagePart[] {
  const bodies = splitBlocks(parseMarkdown(answer.markdown), limit);
  const footers = footersOf(answer, limit);
  const drafts = bodies.map((body) => ({
    blocks: richBlocks(body) as KnownBlock[],
    size: body.reduce((sum, node) => sum + sizeOf(node), 0),
    lines: plainLines(body),
  }));
  for (const footer of footers) {
    const last = drafts.at(-1);
    if (last === undefined || last.size + footer.size > limit) {
      drafts.push({ blocks: [...footer.blocks], size: footer.size, lines: footer.lines });
    } else {
      last.blocks.push(...footer.blocks);
      last.size += footer.size;
      last.lines = `${last.lines}\n\n${footer.lines}`;
    }
  }
  if (drafts.every(({ blocks }) => blocks.length === 0))
    return [wordsPart('The answer is empty. Ask again in other words.')];
  return drafts.map(({ blocks, lines }) => ({ blocks, text: headline(lines), plain: plainBlocks(lines) }));
}

/** The draft so far, in one message: as much of its beginning as fits, and a sign that more is to come. */
export function draftPart(draft: SafeMarkdown): MessagePart {
  const [body = []] = splitBlocks(parseMarkdown(draft), MESSAGE_CHARS - 100);
  const blocks: KnownBlock[] = [...richBlocks(body), context('…')];
  return { blocks, text: headline(plainLines(body)), plain: plainBlocks(plainLines(body)) };
}

/** A notice: the cause and the next step, and the reference to quote. */
export function noticePart(notice: Notice): MessagePart {
  const part = wordsPart(notice.text);
  const reference = context(`Reference: ${notice.reference}`);
  return { ...part, blocks: [...part.blocks, reference], plain: [...part.plain, reference] };
}

/** A few plain words of our own. */
export function wordsPart(words: string): MessagePart {
  const blocks = plainBlocks(words.slice(0, MESSAGE_CHARS));
  return { blocks, text: headline(words), plain: blocks };
}

/** Small grey words under a message. */
export function context(words: string): KnownBlock {
  return {
    type: 'context',
    elements: [{ type: 'plain_text', text: unpinged(words).slice(0, 2_000), emoji: false }],
  };
}

interface Footer {
  readonly blocks: KnownBlock[];
  readonly size: number;
  readonly lines: string;
}

function footersOf(answer: Answer, limit: number): Footer[] {
  const footers =
    answer.grounding === 'refused'
      ? listFooters('Closest documents', answer.nearest, () => '• ', limit, nearestLine)
      : listFooters('Sources', answer.citations, ({ marker }) => `[${marker}] `, limit);
  if (answer.note === undefined || answer.note === '') return footers;
  return [...footers, { blocks: [context(answer.note)], size: answer.note.length, lines: answer.note }];
}

function listFooters(
  title: string,
  citations: readonly Citation[],
  lead: (citation: Citation) => string,
  limit: number,
  below: (citation: Citation) => string = () => '',
): Footer[] {
  const footers: Footer[] = [];
  let elements: RichTextElement[] = [];
  let lines = '';
  let size = 0;
  const flush = () => {
    if (lines === '') return;
    const block: RichTextBlock = { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
    footers.push({ blocks: [block], size, lines });
    elements = [];
    lines = '';
  };
  for (const citation of citations) {
    const name = [citation.title, ...citation.path].join(' › ').slice(0, 200);
    const places = placesOf(citation);
    const last = below(citation).slice(0, 200);
    const rest = `${places === '' ? '' : ` — ${places.slice(0, 300)}`}${last === '' ? '' : `\n${last}`}`;
    const line = `${lead(citation)}${name}${rest}`;
    const own = line.length + 1 + (citation.href?.length ?? 0); // Addresses count for Slack, though nobody reads them.
    if (size + own > limit) flush();
    if (lines === '') {
      elements.push(text(title, { bold: true }));
      lines = title;
      size = title.length;
    }
    size += own;
    elements.push(text(`\n${lead(citation)}`), linked(name, citation.href));
    if (rest !== '') elements.push(text(rest)); // Slack refuses an empty text.
    lines += `\n${line}`;
  }
  flush();
  return footers;
}

function linked(name: string, href: string | undefined): RichTextElement {
  const url = href === undefined ? undefined : webAddress(href);
  return url === undefined ? text(name) : { type: 'link', url, text: unpinged(name) };
}

/** Only an address of the web is a link; the index has checked the host before. */
function webAddress(href: string): string | undefined {
  try {
    const url = new URL(href);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function plainLines(nodes: readonly RootContent[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'list') return node.children.map((item) => `• ${textOf(item)}`).join('\n');
      if (node.type !== 'table') return textOf(node);
      return node.children.map((row) => row.children.map((cell) => textOf(cell)).join(' | ')).join('\n');
    })
    .join('\n\n');
}

/** `section` takes 3,000 characters. */
function plainBlocks(lines: string): KnownBlock[] {
  const pieces = unpinged(lines).match(/[\s\S]{1,2900}(?:\n|$)|[\s\S]{1,2900}/g) ?? [];
  const shown = pieces.filter((piece) => piece.trim() !== '');
  return shown.map((piece) => ({ type: 'section', text: { type: 'plain_text', text: piece, emoji: false } }));
}

function headline(lines: string): string {
  const first = lines.trimStart().split('\n', 1)[0] ?? '';
  return escaped(first.length > 150 ? `${first.slice(0, 149)}…` : first) || '…';
}
