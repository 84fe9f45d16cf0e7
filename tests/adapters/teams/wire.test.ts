// The bytes that leave the process: citations, the AI label and the text, not what botbuilder was given.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRecord } from '../../support/reply-record.js';
import { sampleAnswer, sampleCitation, sampleNotice } from '../../support/sample-answer.js';
import { type Bot, openBot } from './bot.js';

let bot: Bot;
beforeEach(async () => {
  bot = await openBot();
});
afterEach(() => bot.close());

async function asked() {
  await bot.standIn.deliver(bot.url, bot.standIn.channelMention('How dense?'));
  return bot.platform.replyTo(bot.inbox.only, newRecord());
}

/** The last body sent, parsed from its bytes. */
function lastBody() {
  return JSON.parse(bot.standIn.sent.at(-1)?.raw ?? '');
}

interface LabelledSource {
  readonly position: number;
  readonly appearance: {
    readonly name: string & { isWellFormed(): boolean };
    readonly abstract: string;
    readonly keywords: readonly string[];
    readonly url: string;
  };
}

/** The label that every answer has; a test that finds none, or no source in it, fails on its first use. */
interface Label {
  readonly citation: readonly [LabelledSource, ...LabelledSource[]];
}

const labels = (body: { readonly entities: readonly { readonly type: string }[] }) =>
  body.entities.filter(({ type }) => type === 'https://schema.org/Message') as unknown as readonly [
    Label,
    ...Label[],
  ];

describe('an answer on the wire', () => {
  it('carries one label with the citation the text marks', async () => {
    await (await asked()).finish(sampleAnswer());
    const body = lastBody();
    expect(body.entities).toEqual([
      {
        type: 'https://schema.org/Message',
        '@type': 'Message',
        '@context': 'https://schema.org',
        additionalType: ['AIGeneratedContent'],
        citation: [
          {
            '@type': 'Claim',
            position: 1,
            appearance: {
              '@type': 'DigitalDocument',
              name: 'Placement guide 1',
              abstract: 'The density is a number between 0 and 1.',
              url: 'https://docs.example.com/placement-1.html',
              keywords: ['Global placement', 'Density'],
            },
          },
        ],
      },
    ]);
    expect(body).toMatchObject({ type: 'message', textFormat: 'markdown', from: { id: bot.standIn.bot } });
    expect(body.text).toBe(
      [
        'Set the density to 0.6 [1].',
        '**Sources**',
        '- **1.** [Placement guide 1 › Global placement › Density](https://docs.example.com/placement-1.html) · `docs/placement.md:10`',
      ].join('\n\n'),
    );
  });

  it('goes to the thread it was asked in, as a reply to the question', async () => {
    await (await asked()).finish(sampleAnswer());
    const sent = bot.standIn.sent.at(-1);
    expect(sent?.conversationId).toBe(bot.inbox.only.thread.key);
    expect(sent?.activityId).toBe(bot.inbox.only.id.split('|')[1]);
    expect(lastBody().recipient.id).toBe('29:ada');
  });

  it('keeps to the limits of the citation entity', async () => {
    const citations = Array.from({ length: 25 }, (_none, at) =>
      sampleCitation(at + 1, {
        title: `${'Long title 🚀 '.repeat(12)}${at}`,
        excerpt: 'Very long excerpt. '.repeat(30),
        path: ['One', 'Two', 'Three', 'A heading that is longer than twenty-eight characters'],
      }),
    );
    const markdown = citations.map(({ marker }) => `Fact [${marker}].`).join(' ');
    await (await asked()).finish(sampleAnswer({ markdown, citations }));
    const [label] = labels(lastBody());
    expect(label.citation).toHaveLength(20);
    for (const { appearance } of label.citation) {
      expect(appearance.name.length).toBeLessThanOrEqual(80);
      expect(appearance.abstract.length).toBeLessThanOrEqual(160);
      expect(appearance.name.isWellFormed?.() ?? true).toBe(true);
      expect(appearance.keywords).toHaveLength(3);
      for (const word of appearance.keywords) expect(word.length).toBeLessThanOrEqual(28);
    }
    // All 25 stand in the list.
    expect(lastBody().text).toContain('- **25.** ');
  });

  it('never sends an empty name, abstract or list', async () => {
    const bare = sampleCitation(1, { title: ' ', excerpt: '\n', path: [], place: '' });
    await (await asked()).finish(sampleAnswer({ citations: [bare] }));
    const [{ citation }] = labels(lastBody());
    expect(citation[0].appearance).toMatchObject({ name: 'Source 1', abstract: 'Source 1' });
    expect(citation[0].appearance).not.toHaveProperty('keywords');
  });

  it.each([
    'http://docs.example.com/a',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://good.example@evil.example/',
    'not a link',
    '',
  ])('shows no link for %j', async (href) => {
    await (await asked()).finish(sampleAnswer({ citations: [sampleCitation(1, { href })] }));
    const body = lastBody();
    expect(labels(body)[0].citation[0].appearance).not.toHaveProperty('url');
    expect(body.text).not.toMatch(/\]\(/);
    expect(body.text).toContain('Placement guide 1');
  });

  it('lets neither a title nor a link break out of its Markdown', async () => {
    const hostile = sampleCitation(1, {
      title: 'A](https://evil.example) <at>everyone</at> **b**\n# c',
      href: 'https://docs.example.com/a)b(c?d="e"<f>',
      path: [],
    });
    await (await asked()).finish(sampleAnswer({ citations: [hostile] }));
    const { text } = lastBody();
    expect(text).toContain(
      '[A\\](https://evil.example) &lt;at>everyone&lt;/at> \\*\\*b\\*\\* # c](https://docs.example.com/a%29b%28c?d=%22e%22%3Cf%3E)',
    );
  });

  it('labels a refusal, cites nothing, and shows what is near', async () => {
    const nearest = [sampleCitation(1), sampleCitation(2, { excerpt: 'Ask <at>x</at>\n*now*' })];
    const over = {
      markdown: 'The documents do not say.',
      citations: [],
      nearest,
      grounding: 'refused',
    } as const;
    await (await asked()).finish(sampleAnswer(over));
    const body = lastBody();
    expect(labels(body)).toHaveLength(1);
    expect(labels(body)[0]).not.toHaveProperty('citation');
    expect(body.text).toContain('**Closest documents**\n\n- [Placement guide 1');
    expect(body.text).toContain(`“${sampleCitation(1).excerpt}”\n`);
    expect(body.text).toContain('“Ask &lt;at>x&lt;/at> \\*now\\*”');
    expect(body.text).not.toContain('**Sources**');
  });

  it('shows the note in italics, as plain text on one line', async () => {
    await (await asked()).finish(sampleAnswer({ note: 'No model: set\n`X_Y` *now*.' }));
    expect(lastBody().text).toContain('_No model: set \\`X_Y\\` \\*now\\*._');
  });

  it('does not label a notice', async () => {
    await (await asked()).fail(sampleNotice({ text: 'Broken: <b>*x*</b>.\n# Next' }));
    const body = lastBody();
    expect(body).not.toHaveProperty('entities');
    expect(body.text).toBe('Broken: &lt;b>\\*x\\*&lt;/b>.\n\\# Next\n\n_Reference: ref-1_');
  });

  it('gives each part of a long answer its own label and its own citations', async () => {
    const paragraph = (marker: number) => `${'Words about density. '.repeat(450)}[${marker}]`;
    const markdown = [1, 2, 3].map(paragraph).join('\n\n');
    const citations = [1, 2, 3].map((marker) => sampleCitation(marker));
    const delivery = await (await asked()).finish(sampleAnswer({ markdown, citations }));
    expect(delivery.parts).toBe(3);
    const bodies = bot.standIn.sent.map(({ raw }) => JSON.parse(raw));
    const positions = bodies.map((body) => labels(body)[0].citation.map((claim) => claim.position));
    expect(positions).toEqual([[1], [2], [3]]);
    expect(delivery.messageId).toBe(bot.standIn.visible(bot.inbox.only.thread.key)[0]?.id);
  });

  it('is the same to the same message after a restart', async () => {
    await (await asked()).finish(sampleAnswer());
    const stored = JSON.stringify(bot.inbox.only);
    const before = lastBody();
    await bot.platform.replyTo(JSON.parse(stored), newRecord()).finish(sampleAnswer());
    expect(lastBody()).toEqual(before);
  });
});
