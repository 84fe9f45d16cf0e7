// What a reader sees of Slack blocks, and what Slack refuses in them. Shared by the stand-in and the tests.
import type { JsonObject } from './slack-web-api.js';

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.map(object) : []);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The words of a message's blocks, links as `name <address>`, one line per line. */
export function textOfBlocks(blocks: unknown): string {
  return list(blocks)
    .filter(({ type }) => type !== 'context_actions') // Thumbs, no words.
    .map(blockText)
    .join('\n');
}

function blockText(block: JsonObject): string {
  switch (block.type) {
    case 'rich_text':
      return list(block.elements).map(richText).join('\n');
    case 'table':
      return (Array.isArray(block.rows) ? block.rows : [])
        .map((row) =>
          list(row)
            .map((cell) => string(cell.text))
            .join(' | '),
        )
        .join('\n');
    case 'context':
      return list(block.elements)
        .map((element) => string(element.text))
        .join(' ');
    case 'actions':
      return list(block.elements)
        .map((element) => `(${string(object(element.text).text)})`)
        .join(' ');
    default:
      return string(object(block.text).text);
  }
}

function richText(element: JsonObject): string {
  switch (element.type) {
    case 'link':
      return `${string(element.text)} <${string(element.url)}>`;
    case 'user':
      return `@${string(element.user_id)}`;
    case 'text':
      return string(element.text);
    case 'rich_text_list': {
      const offset = typeof element.offset === 'number' ? element.offset : 0;
      const mark = (at: number) => (element.style === 'ordered' ? `${offset + at + 1}. ` : '• ');
      return list(element.elements)
        .map((item, at) => mark(at) + richText(item))
        .join('\n');
    }
    default:
      return list(element.elements).map(richText).join('');
  }
}

/** Slack's error for these blocks, or nothing when it takes them. The limits are those of Slack's reference. */
export function blockError(blocks: unknown): string | undefined {
  const all = list(blocks);
  if (all.length > 50 || all.some(isInvalid)) return 'invalid_blocks';
  if (all.filter((block) => block.type === 'table').length > 1) return 'invalid_blocks';
  return textOfBlocks(blocks).length > 11_300 ? 'msg_blocks_too_long' : undefined;
}

function isInvalid(block: JsonObject): boolean {
  const elements = list(block.elements);
  switch (block.type) {
    case 'section':
      return badText(object(block.text), 3_000);
    case 'context':
      return (
        elements.length === 0 || elements.length > 10 || elements.some((element) => badText(element, 3_000))
      );
    case 'actions':
      return (
        elements.length > 25 ||
        elements.some((button) => string(button.value).length > 2_000 || badText(object(button.text), 75))
      );
    case 'context_actions':
      return elements.length === 0 || elements.length > 5 || elements.some(badThumbs);
    case 'table':
      return badTable(Array.isArray(block.rows) ? block.rows : []);
    case 'rich_text':
      return elements.length === 0 || elements.some(badRich);
    default:
      return true;
  }
}

function badThumbs(element: JsonObject): boolean {
  const bad = (button: JsonObject) =>
    badText(object(button.text), 75) || string(button.value) === '' || string(button.value).length > 2_000;
  if (element.type !== 'feedback_buttons' || string(element.action_id) === '') return true;
  return bad(object(element.positive_button)) || bad(object(element.negative_button));
}

function badRich(element: JsonObject): boolean {
  if (element.type === 'text') return string(element.text) === '';
  if (element.type === 'link') return !/^https?:/.test(string(element.url));
  if (element.type === 'user') return string(element.user_id) === '';
  const known = ['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote'];
  const elements = list(element.elements);
  return !known.includes(string(element.type)) || elements.length === 0 || elements.some(badRich);
}

function badText(text: JsonObject, limit: number): boolean {
  const words = string(text.text);
  return words === '' || words.length > limit || !['plain_text', 'mrkdwn'].includes(string(text.type));
}

function badTable(rows: unknown[]): boolean {
  const cells = rows.map(list);
  const characters = cells.flat().reduce((sum, cell) => sum + string(cell.text).length, 0);
  return (
    rows.length > 100 ||
    characters > 10_000 ||
    cells.some((row) => row.length > 20 || row.length !== cells[0]?.length) ||
    cells.flat().some((cell) => string(cell.text) === '')
  );
}
