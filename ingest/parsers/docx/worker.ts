// The thread that turns one Word document into HTML.
import { parentPort, workerData } from 'node:worker_threads';
import mammoth from 'mammoth';
import type { WorkerAnswer } from '../in-worker.js';

const STYLES = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Code'] => pre:separator('\\n')",
  "p[style-name='Source Code'] => pre:separator('\\n')",
  "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
  "p[style-name='Macro Text'] => pre:separator('\\n')",
  "r[style-name='Verbatim Char'] => code",
  "r[style-name='HTML Code'] => code",
];

async function read(): Promise<WorkerAnswer<string>> {
  try {
    const buffer = Buffer.from(workerData as Uint8Array);
    const { value } = await mammoth.convertToHtml(
      { buffer },
      { styleMap: STYLES, convertImage: mammoth.images.imgElement(async () => ({ src: '' })) },
    );
    return { ok: true, value };
  } catch {
    return {
      ok: false,
      message: 'The file is not a Word document, or is damaged.',
      cure: 'Open and save it again as .docx, or leave it out of the source.',
    };
  }
}

parentPort?.postMessage(await read());
