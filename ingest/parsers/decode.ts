// Bytes to text: encodings recognised, what no reader can see taken out and counted, binary refused.
import { ChipwrightError } from '../../src/errors.js';

export interface DecodedText {
  /** Lines end in `\n`, one for one with the lines of the file. */
  readonly text: string;
  readonly warnings: readonly string[];
}

/** More than one control character in this many says the file is not text. */
const TEXT_PER_CONTROL = 50;

/** One letter in so many may be broken before UTF-8 is given up for windows-1252. */
const GOOD_PER_BROKEN = 10;

// Written as numbers, so that this file itself shows every character it takes out.
const CONTROL = ['0-8', 'b-1f', '7f-9f'];
const UNSEEN = [
  'ad-ad', // soft hyphen
  '200b-200f', // zero width, direction marks
  '202a-202e', // bidi embeddings and overrides
  '2060-2064', // word joiner, invisible operators
  '2066-2069', // bidi isolates
  'feff-feff',
  'e0000-e007f', // tag characters: text that only a model reads
  'e0100-e01ef', // variation selectors, which can carry bytes
];

const CONTROLS = new RegExp(`[${characterClass(CONTROL)}]`, 'gu');
const INVISIBLE = new RegExp(`[${characterClass([...CONTROL, ...UNSEEN])}]`, 'gu');
const OVERSTRIKE = new RegExp(`[^\\n]${String.fromCharCode(8)}`, 'g');
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g');
const FORM_FEED = new RegExp(String.fromCharCode(12), 'g');

/** The letters at 0x80 to 0x9f; the five places that have none are a replacement character. */
const WINDOWS_1252 = '€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ';
const HIGH = new RegExp(`[${characterClass(['80-9f'])}]`, 'gu');

/** The text without characters that no reader sees, and how many there were. Line breaks and tabs stay. */
export function stripInvisible(text: string): { readonly text: string; readonly stripped: number } {
  let stripped = 0;
  const visible = text.replace(INVISIBLE, () => {
    stripped += 1;
    return '';
  });
  return { text: visible, stripped };
}

/** The warning for `stripped` characters taken out; none when there were none. */
export function strippedWarning(stripped: number): readonly string[] {
  return stripped === 0 ? [] : [`invisible or control characters taken out: ${stripped}`];
}

/**
 * The text of a file: UTF-8 with or without a byte order mark, UTF-16 by its mark, else windows-1252 with a warning.
 * Terminal bold (a letter, backspace, the letter again) and colours become plain text. Throws `document_unreadable` for
 * binary.
 */
export function decodeText(bytes: Buffer): DecodedText {
  const { text: raw, warnings } = decodeBytes(bytes);
  const plain = raw
    .replace(/\r\n?/g, '\n')
    .replace(FORM_FEED, '')
    .replace(OVERSTRIKE, '')
    .replace(COLOUR, '');
  if (count(plain, CONTROLS) * TEXT_PER_CONTROL > plain.length) throw binary();
  const { text, stripped } = stripInvisible(plain);
  return { text, warnings: [...warnings, ...strippedWarning(stripped)] };
}

function decodeBytes(bytes: Buffer): DecodedText {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined;
  const swapped = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
  const marked = utf16 ?? swapped;
  if (marked !== undefined) return { text: new TextDecoder(marked).decode(bytes), warnings: [] };
  if (bytes.includes(0)) throw binary();
  const text = new TextDecoder('utf-8').decode(bytes);
  const broken = count(text, /\ufffd/g);
  if (broken === 0) return { text, warnings: [] };
  const good = count(text, /[^\p{ASCII}\ufffd]/gu);
  if (broken * GOOD_PER_BROKEN <= good)
    return { text, warnings: [`${broken} characters are not valid UTF-8 and show as \ufffd`] };
  return { text: windows1252(bytes), warnings: ['decoded as windows-1252'] };
}

/** Node's own decoder reads 0x80 to 0x9f as Latin-1 in some of the versions we run on: https://github.com/nodejs/node/issues/56542 */
function windows1252(bytes: Buffer): string {
  return bytes.toString('latin1').replace(HIGH, (high) => WINDOWS_1252[high.charCodeAt(0) - 0x80] ?? '');
}

function characterClass(ranges: readonly string[]): string {
  return ranges.map((range) => range.replace(/[0-9a-f]+/g, (hex) => `\\u{${hex}}`)).join('');
}

function count(text: string, pattern: RegExp): number {
  let found = 0;
  for (const _ of text.matchAll(pattern)) found += 1;
  return found;
}

function binary(): ChipwrightError {
  return new ChipwrightError('document_unreadable', 'The file is binary, not text.', {
    cure: 'Save it as UTF-8 text, or leave it out of the source.',
  });
}
