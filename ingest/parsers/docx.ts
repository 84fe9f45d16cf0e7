// Word documents as mdast: to HTML in a thread of its own, then the way every HTML page goes.
import type { Root } from 'mdast';
import { visit } from 'unist-util-visit';
import { ChipwrightError } from '../../src/errors.js';
import type { Parser } from '../parsed-document.js';
import { unzippedSize } from './docx/unzipped-size.js';
import { htmlDocument } from './html.js';
import { inWorker, type WorkerLimits } from './in-worker.js';

const LIMITS: WorkerLimits = { milliseconds: 60_000, megabytes: 512 };
/** A thousand-page specification unpacks to less; a bomb unpacks to more. */
const LARGEST = 400_000_000;

/** A `.docx`. Its nodes stand nowhere: the format has neither lines nor pages before Word lays it out. */
export const parseDocx: Parser = async (bytes, path) => {
  const size = unzippedSize(bytes);
  if (size === undefined) throw unreadable('The file is not a Word document, or is truncated.');
  if (size > LARGEST) throw unreadable('The Word document unpacks to more than 400 MB.');
  const script = new URL(`./docx/worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const html = await inWorker<string>(script, new Uint8Array(bytes), LIMITS);
  const document = htmlDocument(html, path, []);
  forgetPositions(document.tree);
  return document;
};

/** Lines of the HTML in between are no lines of the document. */
function forgetPositions(tree: Root): void {
  visit(tree, (node) => {
    delete node.position;
  });
}

function unreadable(message: string): ChipwrightError {
  return new ChipwrightError('document_unreadable', message, {
    cure: 'Open and save it again as .docx, or leave it out of the source.',
  });
}
