// A PDF read from end to end: opened, its pages put in order, its structure guessed.
import type { Root } from 'mdast';
import type { ParsedDocument } from '../../parsed-document.js';
import { stripInvisible, strippedWarning } from '../decode.js';
import type { WorkerAnswer } from '../in-worker.js';
import { type Extract, extract } from './extract.js';
import { withoutFurniture } from './furniture.js';
import { linesOf, lineText } from './lines.js';
import { structure } from './structure.js';

/** The document without the title that its file name may have to give: empty where the PDF names none. */
export async function readPdf(bytes: Uint8Array): Promise<WorkerAnswer<ParsedDocument>> {
  polyfill();
  const { getDocumentProxy } = await import('unpdf');
  try {
    // `verbosity` 0: the library's complaints are no news to anyone. Its own limit keeps pictures from filling memory.
    const pdf = await getDocumentProxy(bytes, {
      verbosity: 0,
      maxImageSize: 4_000_000,
      useSystemFonts: false,
    });
    if (pdf.numPages === 0) return refusal('The PDF has no pages.', 'Export it again from its source.');
    return build(clean(await extract(pdf)));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'PasswordException')
      return refusal('The PDF is encrypted with a password.', 'Save it without a password, or leave it out.');
    return refusal(
      'The PDF is damaged or truncated.',
      'Fetch or export it again, or leave it out of the source.',
    );
  }
}

function build({
  extract: found,
  stripped,
}: {
  extract: Extract;
  stripped: number;
}): WorkerAnswer<ParsedDocument> {
  const pages = found.pages.map((page) => ({ height: page.height, lines: linesOf(page) }));
  const empty = pages.filter((page) => page.lines.length === 0).length;
  if (empty === pages.length)
    return refusal(
      'The PDF holds no text: its pages are pictures.',
      'Run it through optical character recognition, or leave it out of the source.',
    );
  const tree: Root = { type: 'root', children: structure(withoutFurniture(pages), found.outline) };
  const warnings = [
    ...(empty > 0 ? [`pages without text: ${empty}`] : []),
    ...(found.broken.length > 0 ? [`pages that could not be read: ${found.broken.length}`] : []),
    ...(found.hidden > 0 ? [`pieces of hidden text left out: ${found.hidden}`] : []),
    ...strippedWarning(stripped),
  ];
  return { ok: true, value: { title: titleOf(found, pages), tree, warnings } };
}

/** The title the file gives itself, unless it is a file name; else the largest words on its first page. */
function titleOf(found: Extract, pages: readonly { readonly lines: ReturnType<typeof linesOf> }[]): string {
  if (found.title !== '' && !/\.\w{2,4}$|^untitled|^microsoft word/i.test(found.title)) return found.title;
  const first = pages[0]?.lines.filter((line) => /\p{L}{2}/u.test(lineText(line))) ?? [];
  const largest = Math.max(0, ...first.map((line) => line.size));
  const title = first.find((line) => line.size === largest);
  return title === undefined || lineText(title).length > 120 ? '' : lineText(title);
}

function clean(found: Extract): { extract: Extract; stripped: number } {
  let stripped = 0;
  const visible = (value: string): string => {
    const result = stripInvisible(value);
    stripped += result.stripped;
    return result.text;
  };
  const pages = found.pages.map((page) => ({
    ...page,
    runs: page.runs.map((run) => ({ ...run, text: visible(run.text) })),
  }));
  return { extract: { ...found, title: visible(found.title), pages }, stripped };
}

function refusal(message: string, cure: string): WorkerAnswer<ParsedDocument> {
  return { ok: false, message, cure };
}

/** Node 20 lacks this method, which the library needs to read fonts; the patch stays in this thread. */
function polyfill(): void {
  if ('transferToFixedLength' in ArrayBuffer.prototype) return;
  Object.defineProperty(ArrayBuffer.prototype, 'transferToFixedLength', {
    value(this: ArrayBuffer, length = this.byteLength): ArrayBuffer {
      const copy = new Uint8Array(length);
      copy.set(new Uint8Array(this).subarray(0, length));
      return copy.buffer;
    },
  });
}
