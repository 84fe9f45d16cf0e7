// A minimal PDF writer, so that tests can say what stands where on a page.

export interface PdfText {
  readonly text: string;
  readonly x: number;
  /** Points from the bottom of the page. */
  readonly y: number;
  readonly size?: number;
  /** One of the fonts every reader has. */
  readonly font?: 'Helvetica' | 'Helvetica-Bold' | 'Courier' | 'Courier-Bold';
}

const FONTS = ['Helvetica', 'Helvetica-Bold', 'Courier', 'Courier-Bold'];

/** The bytes of a PDF with these pages of 612 by 792 points. `trailer` goes into its trailer dictionary. */
export function pdfOf(pages: readonly (readonly PdfText[])[], trailer = ''): Buffer {
  const objects: string[] = [];
  const first = 3 + FONTS.length;
  const kids = pages.map((_, at) => `${first + at * 2} 0 R`).join(' ');
  objects.push('<< /Type /Catalog /Pages 2 0 R >>');
  objects.push(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  for (const font of FONTS)
    objects.push(`<< /Type /Font /Subtype /Type1 /BaseFont /${font} /Encoding /WinAnsiEncoding >>`);
  const fonts = FONTS.map((_, at) => `/F${at} ${3 + at} 0 R`).join(' ');
  for (const [at, page] of pages.entries()) {
    const content = page.map(drawn).join('\n');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${first + at * 2 + 1} 0 R /Resources << /Font << ${fonts} >> >> >>`,
    );
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  }
  return assembled(objects, trailer);
}

function drawn({ text, x, y, size = 10, font = 'Helvetica' }: PdfText): string {
  const escaped = text.replace(/[\\()]/g, '\\$&');
  return `BT /F${FONTS.indexOf(font)} ${size} Tf 1 0 0 1 ${x} ${y} Tm (${escaped}) Tj ET`;
}

function assembled(objects: readonly string[], trailer: string): Buffer {
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, at) => {
    const offset = body.length;
    body += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const start = body.length;
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  body += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(body, 'latin1');
}
