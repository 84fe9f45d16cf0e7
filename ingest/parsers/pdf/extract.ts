// What stands on the pages of a PDF: runs of text with place, size and font, and the outline.
import type { getDocumentProxy } from 'unpdf';

/** A run of text in one font. Coordinates are points from the top left of the page as it is shown. */
export interface Run {
  readonly text: string;
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly width: number;
  readonly size: number;
  readonly mono: boolean;
  readonly bold: boolean;
}

export interface PdfPage {
  /** 1-based. */
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly runs: readonly Run[];
}

export interface OutlineEntry {
  readonly title: string;
  /** From 1. */
  readonly depth: number;
}

export interface Extract {
  /** What the file says it is called; may be a file name or empty. */
  readonly title: string;
  readonly pages: readonly PdfPage[];
  readonly outline: readonly OutlineEntry[];
  /** Pages that could not be read. */
  readonly broken: readonly number[];
  /** Runs that nobody sees: off the page, or too small. */
  readonly hidden: number;
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type PdfJsPage = Awaited<ReturnType<Pdf['getPage']>>;

/** Runs smaller than this are there for machines, not for readers. */
const SMALLEST = 2;
/** No honest page has more; a hostile one would fill the memory. */
const MOST_RUNS = 20_000;
const MOST_ENTRIES = 5_000;

/** Reads every page; a broken page is left out and named. */
export async function extract(pdf: Pdf): Promise<Extract> {
  const fonts = new Map<string, string>();
  const pages: PdfPage[] = [];
  const broken: number[] = [];
  let hidden = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    try {
      const page = await pdf.getPage(number);
      const read = await readPage(page, number, fonts);
      pages.push(read.page);
      hidden += read.hidden;
      page.cleanup();
    } catch {
      broken.push(number);
    }
  }
  return { title: await titleOf(pdf), pages, outline: await outlineOf(pdf), broken, hidden };
}

async function readPage(
  page: PdfJsPage,
  number: number,
  fonts: Map<string, string>,
): Promise<{ readonly page: PdfPage; readonly hidden: number }> {
  const view = page.getViewport({ scale: 1 });
  const content = await page.getTextContent();
  await learnFonts(page, Object.keys(content.styles), fonts);
  const runs: Run[] = [];
  let hidden = 0;
  for (const item of content.items.slice(0, MOST_RUNS)) {
    if (!('str' in item) || item.str === '') continue;
    const [a, b, , , x, y] = times(view.transform, item.transform);
    const size = Math.hypot(item.transform[2] ?? 0, item.transform[3] ?? 0);
    // Text that does not run from left to right is a label in a picture, or a watermark.
    if (Math.abs(b) > Math.abs(a) * 0.1 || a <= 0) continue;
    if (size < SMALLEST || x < -1 || y < -1 || x > view.width + 1 || y > view.height + size) {
      if (item.str.trim() !== '') hidden += 1;
      continue;
    }
    const family = content.styles[item.fontName]?.fontFamily ?? '';
    const font = fonts.get(item.fontName) ?? '';
    runs.push({
      text: item.str,
      x,
      y,
      width: item.width,
      size,
      mono: isMono(font, family),
      bold: /bold|black|heavy|demi/i.test(font),
    });
  }
  return { page: { number, width: view.width, height: view.height, runs }, hidden };
}

function isMono(font: string, family: string): boolean {
  if (/mono|courier|consol|menlo|typewriter|cmtt|lucidacons/i.test(font)) return true;
  // The flag alone is wrong for symbols, and for proportional fonts that some writers mark as fixed.
  return family === 'monospace' && !/symbol|dingbat|helvetica|arial|times|wingding/i.test(font);
}

/** Font names stand in the drawing operators; a page's are read only when it has a font not seen before. */
async function learnFonts(
  page: PdfJsPage,
  names: readonly string[],
  fonts: Map<string, string>,
): Promise<void> {
  if (names.every((name) => fonts.has(name))) return;
  await page.getOperatorList().catch(() => undefined);
  for (const name of names) {
    const font: unknown = page.commonObjs.has(name) ? page.commonObjs.get(name) : undefined;
    const known = typeof font === 'object' && font !== null && 'name' in font ? String(font.name) : '';
    fonts.set(name, known.replace(/^[A-Z]{6}\+/, ''));
  }
}

async function titleOf(pdf: Pdf): Promise<string> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  return 'Title' in info && typeof info.Title === 'string' ? info.Title.trim() : '';
}

async function outlineOf(pdf: Pdf): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = [];
  const walk = (items: Awaited<ReturnType<Pdf['getOutline']>>, depth: number): void => {
    for (const item of items ?? []) {
      if (entries.length >= MOST_ENTRIES || depth > 6) return;
      entries.push({ title: item.title, depth });
      walk(item.items, depth + 1);
    }
  };
  walk(await pdf.getOutline().catch(() => []), 1);
  return entries;
}

/** The product of two affine matrices `[a b c d e f]`, as PDF writes them. */
function times(
  one: readonly number[],
  other: readonly number[],
): [number, number, number, number, number, number] {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = one;
  const [g = 1, h = 0, i = 0, j = 1, k = 0, l = 0] = other;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}
