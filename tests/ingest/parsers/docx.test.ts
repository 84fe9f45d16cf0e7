// Word documents: headings, lists and tables; archives that are none.
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseDocx } from '../../../ingest/parsers/docx.js';
import { markdownOf, placesOf } from '../../support/mdast.js';

const NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';

function docxOf(body: string): Buffer {
  const types = 'http://schemas.openxmlformats.org/package/2006/content-types';
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument';
  return Buffer.from(
    zipSync({
      '[Content_Types].xml': strToU8(
        `<Types xmlns="${types}"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>`,
      ),
      '_rels/.rels': strToU8(
        `<Relationships xmlns="${relations}"><Relationship Id="r1" Type="${office}" Target="word/document.xml"/></Relationships>`,
      ),
      'word/styles.xml': strToU8(
        `<w:styles ${NAMESPACE}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
      ),
      'word/document.xml': strToU8(`<w:document ${NAMESPACE}><w:body>${body}</w:body></w:document>`),
    }),
  );
}

const p = (text: string, style = ''): string =>
  `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`;

describe('parseDocx', () => {
  it('reads headings, paragraphs and tables, and claims no lines', async () => {
    const cell = (text: string): string => `<w:tc>${p(text)}</w:tc>`;
    const row = (...texts: string[]): string => `<w:tr>${texts.map(cell).join('')}</w:tr>`;
    const { title, tree } = await parseDocx(
      docxOf(
        `${p('Sign-off', 'Heading1')}${p('All checks pass.')}<w:tbl>${row('Rule', 'Limit')}${row('width', '0.1')}</w:tbl>`,
      ),
      'specs/sign-off.docx',
    );
    expect(title).toBe('Sign-off');
    expect(markdownOf(tree)).toMatch(/^# Sign-off\n\nAll checks pass\.\n\n\|[\s\S]*width[\s\S]*0\.1/);
    expect(placesOf(tree, 'heading')).toEqual(['undefined-undefined']);
  });

  it.each([
    ['no archive', Buffer.from('plain words')],
    ['an empty file', Buffer.alloc(0)],
    ['an archive of something else', Buffer.from(zipSync({ 'a.txt': strToU8('a') }))],
    ['half an archive', docxOf(p('words')).subarray(0, 300)],
  ])('refuses %s', async (_name, bytes) => {
    await expect(parseDocx(bytes, 'x.docx')).rejects.toMatchObject({ code: 'document_unreadable' });
  });
});
