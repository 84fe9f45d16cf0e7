// Picks the parser for a file: by its name, and where that says nothing, by its first bytes.
import { basename } from 'node:path/posix';
import { ChipwrightError } from '../../src/errors.js';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { parseCode } from './code.js';
import { parseDocx } from './docx.js';
import { parseHtml } from './html.js';
import { parseMan } from './man.js';
import { parseMarkdown } from './markdown.js';
import { parsePdf } from './pdf.js';
import { parseRst } from './rst.js';
import { parseText } from './text.js';

/** Part of every content hash: raise it when a parser reads the same bytes differently, and everything is read anew. */
export const PARSER_VERSION = 4;

const BY_EXTENSION: readonly (readonly [Parser, string])[] = [
  [parseMarkdown, 'md markdown mdx myst qmd'],
  [parseRst, 'rst rest'],
  [parsePdf, 'pdf'],
  [parseDocx, 'docx'],
  [parseHtml, 'html htm xhtml'],
  [parseMan, 'man 1 2 3 4 5 6 7 8 9'],
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
  const extension = /\.([A-Za-z0-9]+)$/.exec(basename(path))?.[1]?.toLowerCase() ?? '';
  const parser = PARSERS.get(extension) ?? parserByContent(bytes);
  return parser(bytes, path);
}

/** `README`, `Makefile`, `report.out`: what the first bytes say. */
function parserByContent(bytes: Buffer): Parser {
  const head = bytes.subarray(0, 8192);
  if (head.subarray(0, 1024).includes('%PDF-')) return parsePdf;
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (head.includes(0) && !utf16) throw unknownBinary();
  const start = head.toString('latin1').trimStart();
  if (/^(?:<!doctype html|<html[\s>])/i.test(start)) return parseHtml;
  if (/^#!.*\b(?:tclsh|wish|python[\d.]*|openroad|sta)\b/.test(start)) return parseCode;
  return /^(?:['.]\\".*\n)*\.(?:TH|Dd)\s/.test(start) ? parseMan : parseText;
}

function unknownBinary(): ChipwrightError {
  return new ChipwrightError('document_unreadable', 'The file is binary and of a kind that cannot be read.', {
    cure: 'Leave it out of the source, or save its text in a format that can be read.',
  });
}
