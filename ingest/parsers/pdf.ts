// PDF as mdast, read in a thread of its own: a hostile file costs a deadline, not the process.
import { ChipwrightError } from '../../src/errors.js';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { inWorker, type WorkerLimits } from './in-worker.js';
import { fileTitle } from './nodes.js';

/** A 400-page manual takes five to fifteen seconds on a busy machine. */
const LIMITS: WorkerLimits = { milliseconds: 120_000, megabytes: 768 };

/** A PDF with the text on its pages. Every node says its page. */
export const parsePdf: Parser = pdfParser(LIMITS);

/** `parsePdf` within other limits. */
export function pdfParser(limits: WorkerLimits): Parser {
  return async (bytes, path) => {
    refuse(bytes);
    const script = new URL(`./pdf/worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
    const document = await inWorker<ParsedDocument>(script, new Uint8Array(bytes), limits);
    return document.title === '' ? { ...document, title: fileTitle(path) } : document;
  };
}

/** Refuses what a glance shows to be no whole PDF; the reader would guess at the rest and lose pages in silence. */
function refuse(bytes: Buffer): void {
  const unreadable = (message: string): ChipwrightError =>
    new ChipwrightError('document_unreadable', message, {
      cure: 'Fetch or export it again, or leave it out of the source.',
    });
  if (bytes.length === 0) throw unreadable('The PDF is empty.');
  if (!bytes.subarray(0, 1024).includes('%PDF-')) throw unreadable('The file is not a PDF.');
  if (!bytes.subarray(-4096).includes('%%EOF')) throw unreadable('The PDF is truncated: its end is missing.');
}
