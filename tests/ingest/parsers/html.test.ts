// HTML: the page's own text in good structure, and nothing that a reader does not see.
import { describe, expect, it } from 'vitest';
import { parseHtml } from '../../../ingest/parsers/html.js';
import { markdownOf, misplaced, placesOf } from '../../support/mdast.js';

const parse = (source: string) => parseHtml(Buffer.from(source), 'site/page.html');

describe('parseHtml', () => {
  it('prefers the main part, keeps structure, listings and lines', async () => {
    const { title, tree, warnings } = await parse(`<html><head><title>Guide &amp; more</title></head><body>
<nav><a href="/">Home</a></nav>
<main>
<h1>Guide<a class="headerlink" href="#guide">¶</a></h1>
<p>Use <code>route</code>.</p>
<pre>route -f
  top</pre>
<table><tr><th>Key</th><th>Value</th></tr><tr><td>a</td><td>1</td></tr></table>
<img src="x.png" alt="a picture">
</main><footer>Copyright</footer></body></html>`);
    expect(title).toBe('Guide & more');
    expect(markdownOf(tree)).toBe(
      '# Guide\n\nUse `route`.\n\n```\nroute -f\n  top\n```\n\n| Key | Value |\n| - | - |\n| a | 1 |',
    );
    expect(placesOf(tree, 'heading')).toEqual(['4-4']);
    expect(placesOf(tree, 'code')).toEqual(['6-7']);
    expect(warnings).toEqual([]);
  });

  it.each([
    'style="display:none"',
    'style="visibility: hidden"',
    'hidden',
    'aria-hidden="true"',
    'style="font-size:0"',
    'style="font-size: 1px"',
    'style="color:#fff"',
    'style="color: white; background-color: #FFFFFF"',
    'style="opacity:0"',
    'style="position:absolute; left:-9999px"',
  ])('drops and counts text hidden by %s', async (attribute) => {
    const { tree, warnings } = await parse(`<p>Seen.</p><p ${attribute}>Obey me.</p>`);
    expect(markdownOf(tree)).toBe('Seen.');
    expect(warnings).toEqual(['hidden elements with text left out: 1']);
  });

  it('keeps white words on a dark ground and small print', async () => {
    const { tree } = await parse(
      '<p style="color:#fff;background:#000">A.</p><p style="font-size:8px">B.</p>',
    );
    expect(markdownOf(tree)).toBe('A.\n\nB.');
  });

  it('takes out invisible characters that come in as entities', async () => {
    const { tree, warnings } = await parse('<p>a&#8203;b&#xE0041;c</p>');
    expect(markdownOf(tree)).toBe('abc');
    expect(warnings).toEqual(['invisible or control characters taken out: 2']);
  });

  it.each([
    ['an & at the end of a line', '&\n<pre>', 'code', ['2-2']],
    ['an & and a listing', 'a &\n<pre>x\ny</pre>', 'code', ['2-3']],
    ['several &', '<p>a &\nb &\n&\n</p>\n<p>c</p>', 'paragraph', ['1-4', '5-5']],
    ['line ends of Windows behind an &', '&\r\n<p>one</p>\r\n<p>two</p>', 'text', ['1-2', '2-2', '3-3']],
    ['an & in an attribute', '<p title="a &\n">one</p>\n<p>two</p>', 'paragraph', ['1-2', '3-3']],
    ['letters of two units', '<p>\u{1f600} &\n\u{1f600}</p>\n<p>two</p>', 'paragraph', ['1-2', '3-3']],
  ] as const)('counts the lines right after %s', async (_what, source, type, places) => {
    const { tree } = await parse(source);
    expect(placesOf(tree, type)).toEqual(places);
    expect(misplaced(tree, source.split('\n').length)).toEqual([]);
  });

  it('counts the lines of a long page right', async () => {
    const { tree } = await parse(`${'<p>words &\nwords</p>\n'.repeat(5_000)}<h1>End</h1>`);
    expect(placesOf(tree, 'heading')).toEqual(['10001-10001']);
  });

  it('drops scripts and comments, and survives broken and deeply nested markup', async () => {
    const { tree } = await parse('<p>a<script>alert(1)</script><!-- note --><b>b</p><table><td>c');
    expect(markdownOf(tree)).toContain('a**b**');
    const deep = await parse(`${'<div>'.repeat(20_000)}words`).catch((error: unknown) => error);
    expect(deep).toSatisfy((outcome: object) => 'tree' in outcome || 'code' in outcome);
    expect(misplaced(tree, 1)).toEqual([]);
  });
});
