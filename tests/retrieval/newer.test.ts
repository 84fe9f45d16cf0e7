// Which of two versions of a page is the newer one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNewer } from '../../src/retrieval/newer.js';
import type { DocumentRecord } from '../../src/retrieval/passage.js';

const page = (path: string, version = '', source = 's'): DocumentRecord => ({
  id: `${source}:${path}`,
  source,
  path,
  title: 'Global placement',
  contentHash: 'h',
  audience: ['public'],
  version,
});

describe('isNewer', () => {
  it.each<[string, DocumentRecord, DocumentRecord]>([
    ['a higher version in the path', page('docs/v1.10/gpl.md'), page('docs/v1.9/gpl.md')],
    ['a version without its v', page('docs/2.0/gpl.md'), page('docs/1.3.4/gpl.md')],
    ['a version of more parts', page('docs/1.3.1/gpl.md'), page('docs/1.3/gpl.md')],
    ['a year', page('2025/gpl.md'), page('2024/gpl.md')],
    ['a version in the name of the source', page('gpl.md', '', 'flow-2.1'), page('gpl.md', '', 'flow-2.0')],
    ['a later date', page('a.md', '2025-03-01'), page('b.md', '2024-11-30')],
    ['the other one is in an archive', page('docs/gpl.md'), page('docs/archive/gpl.md')],
    ['the other one is called old', page('docs/gpl.md'), page('docs/gpl_old.md')],
    ['the other one is a vendored copy', page('src/gpl/README.md'), page('third_party/or/src/gpl/README.md')],
    ['a version says more than a word', page('deprecated/v2/gpl.md'), page('deprecated/v1/gpl.md')],
  ])('%s', (_name, newer, older) => {
    expect(isNewer(newer, older)).toBe(true);
    expect(isNewer(older, newer)).toBe(false);
  });

  it.each<[string, DocumentRecord, DocumentRecord]>([
    ['commits have no order', page('a.md', 'f00dfeed'), page('b.md', '0badcafe')],
    ['numbers of messages and pages are no versions', page('messages/0119.md'), page('messages/0118.md')],
    ['numbers in a word are no versions', page('nangate45/a.md'), page('nangate15/a.md')],
    ['versions of different pages', page('v2/cts.md'), page('v1/gpl.md')],
    ['the same version', page('v2/gpl.md'), page('v2/gpl.md')],
    ['both are old', page('old/v/gpl.md'), page('legacy/gpl.md')],
    ['a folder that only sounds old', page('golden/gpl.md'), page('threshold/gpl.md')],
  ])('cannot tell: %s', (_name, one, other) => {
    expect(isNewer(one, other)).toBe(false);
    expect(isNewer(other, one)).toBe(false);
  });

  it('never calls each of two the newer one', () => {
    const paths = fc
      .array(fc.constantFrom('docs', 'v1', 'v2.1', '3.0', '2024', 'old', 'gpl.md', 'a-1.2', 'v10'), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join('/'));
    const versions = fc.constantFrom('', 'abc', '2024-01-01', '2025-01-01');
    fc.assert(
      fc.property(paths, versions, paths, versions, (a, one, b, other) => {
        const [left, right] = [page(a, one), page(b, other)];
        expect(isNewer(left, right) && isNewer(right, left)).toBe(false);
      }),
    );
  });
});
