// What every text parser relies on: encodings, hidden characters, binary files.
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../ingest/parsers/decode.js';

const points = (...codes: number[]): string => String.fromCodePoint(...codes);

describe('decodeText', () => {
  it('reads UTF-8 with and without a byte order mark, and UTF-16 by its mark', () => {
    expect(decodeText(Buffer.from('größe\n')).text).toBe('größe\n');
    expect(decodeText(Buffer.from(`${points(0xfeff)}größe`)).text).toBe('größe');
    expect(decodeText(Buffer.from(`${points(0xfeff)}größe`, 'utf16le')).text).toBe('größe');
    expect(decodeText(Buffer.from(`${points(0xfeff)}größe`, 'utf16le').swap16()).text).toBe('größe');
    expect(decodeText(Buffer.from('größe')).warnings).toEqual([]);
  });

  it('falls back to windows-1252 and says so', () => {
    const decoded = decodeText(Buffer.from('gr\xf6\xdfe \x93quoted\x94', 'latin1'));
    expect(decoded.text).toBe('größe “quoted”');
    expect(decoded.warnings).toEqual(['decoded as windows-1252']);
  });

  it('keeps UTF-8 with one broken byte as UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('ä'.repeat(30)), Buffer.from([0xe4])]);
    const decoded = decodeText(bytes);
    expect(decoded.text.startsWith('ääää')).toBe(true);
    expect(decoded.warnings).toHaveLength(1);
  });

  it('refuses binary: a NUL byte, or too many control characters', () => {
    for (const bytes of [
      Buffer.from('text\0text'),
      Buffer.from(Array.from({ length: 90 }, (_, at) => (at % 31) + 1)),
    ])
      expect(() => decodeText(bytes)).toThrowError(expect.objectContaining({ code: 'document_unreadable' }));
  });

  it.each([
    ['zero width', 0x200b],
    ['direction mark', 0x200f],
    ['bidi override', 0x202e],
    ['bidi isolate', 0x2066],
    ['byte order mark inside', 0xfeff],
    ['tag character', 0xe0041],
    ['escape', 0x1b],
  ])('takes out and counts: %s', (_name, code) => {
    const filler = 'plain words '.repeat(20);
    const decoded = decodeText(Buffer.from(`${filler}a${points(code)}b`));
    expect(decoded.text).toBe(`${filler}ab`);
    expect(decoded.warnings).toEqual(['invisible or control characters taken out: 1']);
  });

  it('keeps every line where it was', () => {
    expect(decodeText(Buffer.from('a\r\nb\rc\n\td')).text).toBe('a\nb\nc\n\td');
  });

  it('reads terminal bold and colours as plain words', () => {
    const bold = [...'NAME'].map((letter) => `${letter}${points(8)}${letter}`).join('');
    expect(decodeText(Buffer.from(bold)).text).toBe('NAME');
    expect(decodeText(Buffer.from(`${points(27)}[1mNAME${points(27)}[0m`)).text).toBe('NAME');
  });
});
