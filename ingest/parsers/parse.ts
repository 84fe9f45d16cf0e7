// Picks the parser for a file: by its name, and where that says nothing, by its first bytes.
import { basename } from 'node:path/posix';
import { ChipwrightError } from '../../src/errors.js';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { parseCode } from './code.js';
import { parseMarkdown } from './markdown.js';
import { parsePdf } from './pdf.js';
import { parseRst } from './rst.js';
import { parseText } from './text.js';

/** Part of every content hash: raise it when a parser reads the same bytes differently, and everything is read anew. */
export const PARSER_VERSION = 1;

const BY_EXTENSION: readonly (readonly [Parser, string])[] = [
  [parseMarkdown, 'md markdown mdx myst qmd'],
  [parseRst, 'rst rest'],
  [parsePdf, 'pdf'],
  [parseText, 'txt text log rpt adoc org'],
  [parseCode, 'tcl sdc xdc upf v vh sv svh py pyi c h cc cpp cxx hh hpp hxx'],
];

const PARSERS = new Map(
  BY_EXTENSION.flatMap(([parser, extensions]) =>
    extensions.split(' ').map((extension) => [extension, parser]),
  ),
);

/** The document in `bytes`. Throws `document_unreadable`, with the reason, for what is none. */
export async function parseDocument(bytes: Buffer, path: string): Promise<ParsedDocument> {
  return parserOf(bytes, path)(bytes, path);
}

function parserOf(bytes: Buffer, path: string): Parser {
  const extension = /\.([A-Za-z0-9]+)$/.exec(basename(path))?.[1]?.toLowerCase() ?? '';
  return PARSERS.get(extension) ?? sniff(bytes);
}

function sniff(bytes: Buffer): Parser {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const head = bytes.subarray(0, 8192);
  if (head.subarray(0, 1024).includes('%PDF-')) return parsePdf;
  if (!utf16 && head.includes(0)) {
    throw new ChipwrightError(
      'document_unreadable',
      'The file is binary and of a kind that cannot be read.',
      {
        cure: 'Leave it out of the source, or save its text in a format that can be read.',
      },
    );
  }
  return parseText;
}
