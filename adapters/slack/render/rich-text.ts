// Syntax tree -> Slack's rich text. Text elements are literal, so chip text (`*`, `_`, `[31:0]`, `$var`) stays as it is.
import type {
  RichTextBlock,
  RichTextElement,
  RichTextList,
  RichTextPreformatted,
  RichTextQuote,
  RichTextSection,
  TableBlock,
} from '@slack/types';
import type { List, ListItem, PhrasingContent, RootContent, Table } from 'mdast';
import { sizeOf, textOf } from './markdown.js';
import { unpinged } from './unpinged.js';

type RichPart = RichTextSection | RichTextList | RichTextPreformatted | RichTextQuote;
type Style = NonNullable<Extract<RichTextElement, { type: 'text' }>['style']>;

/** Slack shows at most one table in a message, of this size; further and larger ones become aligned text. */
const TABLE = { rows: 100, columns: 20, characters: 10_000 } as const;

/** The blocks of one message. */
export function richBlocks(nodes: readonly RootContent[]): (RichTextBlock | TableBlock)[] {
  const blocks: (RichTextBlock | TableBlock)[] = [];
  let parts: RichPart[] = [];
  let tables = 0;
  const flush = () => {
    if (parts.length > 0) blocks.push({ type: 'rich_text', elements: parts });
    parts = [];
  };
  for (const node of nodes) {
    if (node.type === 'table' && tables === 0 && fitsTable(node)) {
      flush();
      blocks.push(tableBlock(node));
      tables += 1;
    } else {
      for (const part of richParts(node)) append(parts, part);
    }
  }
  flush();
  return blocks;
}

/** Neighbouring sections become one, with an empty line between: Slack puts none there by itself. */
function append(parts: RichPart[], part: RichPart): void {
  const last = parts.at(-1);
  if (last?.type === 'rich_text_section' && part.type === 'rich_text_section') {
    last.elements.push(text('\n\n'), ...part.elements);
  } else {
    parts.push(part);
  }
}

function richParts(node: RootContent): RichPart[] {
  switch (node.type) {
    case 'paragraph':
      return section(inlines(node.children));
    case 'heading':
      return section(inlines(node.children, { bold: true }));
    case 'code':
      return [preformatted(node.value)];
    case 'list':
      return listParts(node, 0);
    case 'table':
      return [preformatted(alignedText(node))];
    case 'blockquote': {
      const quoted = node.children.flatMap((child, at) => [
        ...(at > 0 ? [text('\n')] : []),
        ...('children' in child && child.type === 'paragraph'
          ? inlines(child.children)
          : [text(textOf(child))]),
      ]);
      const words = spoken(quoted);
      return words.length === 0 ? [] : [{ type: 'rich_text_quote', elements: words }];
    }
    case 'thematicBreak':
      return section([text('———')]);
    default:
      return section([text(textOf(node))]);
  }
}

function section(elements: RichTextElement[]): RichTextSection[] {
  const words = spoken(elements);
  return words.length === 0 ? [] : [{ type: 'rich_text_section', elements: words }];
}

/** Slack refuses a text of no characters. */
function spoken(elements: readonly RichTextElement[]): RichTextElement[] {
  return elements.filter((element) => element.type !== 'text' || element.text !== '');
}

function preformatted(value: string): RichTextPreformatted {
  return { type: 'rich_text_preformatted', elements: [{ type: 'text', text: unpinged(value) || ' ' }] };
}

/** Slack nests lists by indentation, not inside each other; a list goes on counting after what interrupts it. */
function listParts(list: List, indent: number): RichPart[] {
  const parts: RichPart[] = [];
  const style = list.ordered === true ? 'ordered' : 'bullet';
  let run: (RichTextList & { offset?: number }) | undefined;
  for (const [at, item] of list.children.entries()) {
    const [head, ...rest] = item.children;
    const line = head?.type === 'paragraph' ? inlines(head.children) : [];
    if (run === undefined) {
      const offset = (list.start ?? 1) - 1 + at;
      run = { type: 'rich_text_list', style, indent: Math.min(indent, 8), elements: [] };
      if (style === 'ordered' && offset > 0) run.offset = offset;
      parts.push(run);
    }
    const words = spoken([...checkbox(item), ...line]);
    run.elements.push({ type: 'rich_text_section', elements: words.length > 0 ? words : [text(' ')] });
    const below = head?.type === 'paragraph' ? rest : item.children;
    if (below.length === 0) continue;
    run = undefined;
    for (const child of below) {
      parts.push(...(child.type === 'list' ? listParts(child, indent + 1) : richParts(child)));
    }
  }
  return parts;
}

function checkbox(item: ListItem): RichTextElement[] {
  return item.checked == null ? [] : [text(item.checked ? '☑ ' : '☐ ')];
}

function inlines(nodes: readonly PhrasingContent[], style: Style = {}): RichTextElement[] {
  return nodes.flatMap((node): RichTextElement[] => {
    switch (node.type) {
      case 'strong':
        return inlines(node.children, { ...style, bold: true });
      case 'emphasis':
        return inlines(node.children, { ...style, italic: true });
      case 'delete':
        return inlines(node.children, { ...style, strike: true });
      case 'inlineCode':
        return [text(node.value, { ...style, code: true })];
      case 'break':
        return [text('\n')];
      case 'link':
        return inlines(node.children, style); // A text with a link is not safe text; its words are kept, its target is not.
      default:
        return [text(textOf(node), style)];
    }
  });
}

/** One literal piece of text. */
export function text(value: string, style: Style = {}): RichTextElement {
  const plain = unpinged(value);
  return Object.keys(style).length === 0
    ? { type: 'text', text: plain }
    : { type: 'text', text: plain, style };
}

function fitsTable(table: Table): boolean {
  const columns = Math.max(...table.children.map((row) => row.children.length));
  return table.children.length <= TABLE.rows && columns <= TABLE.columns && sizeOf(table) <= TABLE.characters;
}

/** Slack refuses an empty cell, and rows of different length. */
function tableBlock(table: Table): TableBlock {
  const columns = Math.max(...table.children.map((row) => row.children.length));
  return {
    type: 'table',
    column_settings: Array.from({ length: columns }, (_, at) => ({
      align: table.align?.[at] ?? 'left',
      is_wrapped: true,
    })),
    rows: table.children.map((row) =>
      Array.from({ length: columns }, (_, at) => {
        const cell = row.children[at];
        return { type: 'raw_text' as const, text: (cell === undefined ? '' : unpinged(textOf(cell))) || ' ' };
      }),
    ),
  };
}

function alignedText(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => textOf(cell)));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
