// Which links may be shown.
import { describe, expect, it } from 'vitest';
import { safeHref } from '../../src/safety/links.js';

describe('safeHref', () => {
  it.each([
    ['https://example.com/a?b=1#c', 'https://example.com/a?b=1#c'],
    ['HTTPS://Example.COM', 'https://example.com/'],
    ['https://git.example.com/x', 'https://git.example.com/x'],
    ['http://localhost:3000/doc', 'http://localhost:3000/doc'],
    ['http://127.0.0.1:3000/doc', 'http://127.0.0.1:3000/doc'],
    ['https://example.com/@user/x', 'https://example.com/@user/x'],
  ])('shows %s', (href, shown) => {
    expect(safeHref(href)).toBe(shown);
  });

  it.each([
    'http://example.com/',
    'ftp://example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '//example.com/x',
    '/docs/x',
    'docs/x.md',
    '',
    'https://',
    'https:///example.com',
    'https:example.com',
    'https://user@example.com',
    'https://a:b@example.com',
    'https://good.com@evil.com',
    'https://good.com\\@evil.com',
    'https://@example.com',
    'https://10.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[2001:db8::1]/',
    'https://xn--e1awd7f.com/',
    'https://еxample.com/',
    'https://intranet/',
    'https://example.com/a b',
    'https://example.com/\n',
    'https://example.com/<x>',
    'https://example.com/|x',
    ' https://example.com',
    `https://example.com/?q=${'x'.repeat(2000)}`,
    'mailto:a@example.com',
    'slack://x',
  ])('does not show %j', (href) => {
    expect(safeHref(href)).toBeUndefined();
  });

  it('keeps to the listed hosts and what is below them', () => {
    const hosts = ['example.com', 'wiki', 'xn--e1awd7f.com', 'localhost'];
    for (const href of [
      'https://example.com/',
      'https://a.b.example.com/',
      'https://wiki/x',
      'https://xn--e1awd7f.com/',
      'http://localhost/x',
    ]) {
      expect(safeHref(href, hosts)).toBe(href);
    }
    for (const href of [
      'https://notexample.com/',
      'https://example.com.evil.com/',
      'https://evil.com/example.com',
      'http://127.0.0.1/',
      'http://wiki/',
    ]) {
      expect(safeHref(href, hosts)).toBeUndefined();
    }
    expect(safeHref('https://example.com/', [])).toBeUndefined();
  });
});
