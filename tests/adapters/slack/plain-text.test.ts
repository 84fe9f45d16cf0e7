// A question reads as the person wrote it, and the bot knows when it is meant.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mentions, opensWithMentionOfAnother, plainText } from '../../../adapters/slack/plain-text.js';

const text = (slack: string) => plainText(slack, 'UBOT');

describe('plain text', () => {
  it.each([
    ['<@UBOT> how dense?', 'how dense?'],
    ['<@UBOT|chipwright>: how dense?', 'how dense?'],
    ['Hey <@UBOT>, how dense?', 'Hey, how dense?'],
    ['how dense, <@UBOT>?', 'how dense?'],
    ['<@UBOT> <@UBOT>  how dense?', 'how dense?'],
    ['is `<@UBOT>` you, <@UBOT|x>', 'is `@someone` you'],
    ['ask <@U123|ada> or <@U456>', 'ask @ada or @someone'],
    ['see <#C1|timing> and <#C2>', 'see #timing and #channel'],
    ['<!here> and <!subteam^S1|@flow> and <!subteam^S2>', '@here and @flow and @group'],
    ['on <!date^1392734382^{date}|18 February>', 'on 18 February'],
    ['read <https://docs.example.com/a?b=1&amp;c=2|the manual>', 'read the manual'],
    ['read <https://docs.example.com/a?b=1&amp;c=2>', 'read https://docs.example.com/a?b=1&c=2'],
    ['write <mailto:ada@example.com|ada@example.com>', 'write ada@example.com'],
    ['if a &lt; b &amp;&amp; c &gt; d', 'if a < b && c > d'],
    ['typed &lt;@UBOT&gt; by hand', 'typed <@UBOT> by hand'],
    ['&amp;lt; stays', '&lt; stays'],
    ['use `q[31:0] &lt;= a_b * c`', 'use `q[31:0] <= a_b * c`'],
    ['cafe\u0301', 'caf\u00e9'],
    ['first line\n<@UBOT> second line', 'first line\nsecond line'],
    ['use <@UBOT> `x`', 'use `x`'],
    ['', ''],
    ['<@UBOT>', ''],
    ['a < b', 'a < b'],
  ])('%j becomes %j', (slack, plain) => {
    expect(text(slack)).toBe(plain);
  });

  it('never fails and never keeps the bot\u2019s mention in prose', () => {
    const piece = fc.constantFrom(
      '<@UBOT>',
      '`',
      '```',
      '<',
      '>',
      '&lt;',
      '&amp;',
      '|',
      '@',
      '\n',
      ' ',
      'a',
      '\u00e9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const slack = pieces.join('');
        expect(text(slack)).toBe(text(slack).normalize('NFC'));
        if (!slack.includes('`')) expect(text(slack)).not.toContain('<@UBOT>');
      }),
    );
  });

  it('takes a huge message in its stride', () => {
    expect(text(`<@UBOT> ${'<'.repeat(40_000)}`)).toHaveLength(40_000);
    expect(text(`${' '.repeat(40_000)}<@UBOT>${' '.repeat(40_000)}how dense?`)).toBe('how dense?');
    expect(text('`'.repeat(40_001)).length).toBeGreaterThan(0);
  });
});

describe('a mention', () => {
  it.each([
    ['<@UBOT> hi', true],
    ['hi <@UBOT|chipwright>', true],
    ['`<@UBOT>` and <@UBOT>', true],
    ['an open ` tick <@UBOT>', true],
    ['hi', false],
    ['<@UBOTHER> hi', false],
    ['`<@UBOT>`', false],
    ['```\n<@UBOT> hi\n```', false],
    ['&lt;@UBOT&gt;', false],
  ])('in %j: %s', (slack, is) => {
    expect(mentions(slack, 'UBOT')).toBe(is);
  });

  it('of a person at the beginning is meant for that person', () => {
    expect(opensWithMentionOfAnother('<@U1> what do you think?', 'UBOT')).toBe(true);
    expect(opensWithMentionOfAnother('<@UBOT> what do you think?', 'UBOT')).toBe(false);
    expect(opensWithMentionOfAnother('what do you think, <@U1>?', 'UBOT')).toBe(false);
  });
});
