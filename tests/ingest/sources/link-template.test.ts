// Links to places: parts whose value is missing are cut, templates that cannot work are refused at once.
import { describe, expect, it } from 'vitest';
import { linkTemplate } from '../../../ingest/sources/link-template.js';

const GITHUB = 'https://host.example/org/repo/blob/{commit}/{path}#L{line}';

describe('linkTemplate', () => {
  it('fills in path, commit and line, escaping what a path may hold', () => {
    const link = linkTemplate(GITHUB, 'abc');
    expect(link('docs/a b#?.md', { line: 7, endLine: 9 })).toBe(
      'https://host.example/org/repo/blob/abc/docs/a%20b%23%3F.md#L7',
    );
  });

  it('cuts a part whose value is missing', () => {
    const link = linkTemplate(`${GITHUB}-L{endLine}#page={page}`, 'abc');
    expect(link('a.md', { line: 7, endLine: 9 })).toMatch(/a\.md#L7-L9$/);
    expect(link('a.pdf', { page: 3 })).toMatch(/a\.pdf#page=3$/);
    expect(link('a.docx', {})).toMatch(/a\.docx$/);
    expect(linkTemplate('https://h.example/{path}?line={line}&raw=1', '')('a', {})).toBe(
      'https://h.example/a?raw=1',
    );
  });

  it.each([
    ['{commit} without git', GITHUB, ''],
    ['an unknown field', 'https://h.example/{file}', 'c'],
    ['another scheme', 'javascript:alert({path})', 'c'],
    ['no host', 'https:///{path}', 'c'],
    ['a host from the path', 'https://{path}', 'c'],
    ['a password', 'https://me:pw@h.example/{path}', 'c'],
    ['a line that cannot be cut', 'https://h.example/{line}/{path}', 'c'],
  ])('refuses %s', (_, template, commit) => {
    expect(() => linkTemplate(template, commit)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});
