// What counts as a question in Teams, and what is left of it when the bot's name is gone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitySchema } from '../../../adapters/teams/activity.js';
import { decodeAddress } from '../../../adapters/teams/address.js';
import { readActivity } from '../../../adapters/teams/incoming.js';
import { htmlToText } from '../../../adapters/teams/plain-text.js';
import type { IncomingMessage } from '../../../src/conversation/message.js';
import type { RawActivity } from '../../support/teams-stand-in.js';

const BOT = '28:bot';
const AT = '<at>Chipwright</at>';
const NOW = new Date('2026-03-01T12:00:00Z');

function activity(over: RawActivity): RawActivity {
  return {
    type: 'message',
    id: '1700',
    channelId: 'msteams',
    serviceUrl: 'https://smba.trafficmanager.net/emea/',
    from: { id: '29:ada', aadObjectId: 'ada-object-id' },
    recipient: { id: BOT },
    conversation: { id: 'a:1', conversationType: 'personal', tenantId: 'home' },
    channelData: { tenant: { id: 'home' } },
    ...over,
  };
}

const channel = {
  id: '19:c@thread.tacv2;messageid=1700',
  conversationType: 'channel',
  isGroup: true,
  tenantId: 'home',
};
const mention = (over: RawActivity = {}) => ({ type: 'mention', mentioned: { id: BOT }, text: AT, ...over });

function read(over: RawActivity, homeTenant?: string) {
  return readActivity(activitySchema.parse(activity(over)), NOW, homeTenant);
}

function question(over: RawActivity, homeTenant?: string): IncomingMessage {
  const meaning = read(over, homeTenant);
  if (meaning.kind !== 'question') throw new Error(`read as ${meaning.kind}`);
  return meaning.message;
}

describe('the mention', () => {
  it.each<[string, RawActivity, string]>([
    ['at the beginning', { text: `${AT} why?`, entities: [mention()] }, 'why?'],
    ['at the end', { text: `why? ${AT}`, entities: [mention()] }, 'why?'],
    ['in the middle', { text: `tell me ${AT} why`, entities: [mention()] }, 'tell me why'],
    ['twice', { text: `${AT} ${AT} why?`, entities: [mention(), mention()] }, 'why?'],
    ['twice, named once', { text: `${AT} ${AT} why?`, entities: [mention()] }, 'why?'],
    [
      'with an id attribute',
      {
        text: '<at id="0">Chipwright</at> why?',
        entities: [mention({ text: '<at id="0">Chipwright</at>' })],
      },
      'why?',
    ],
    ['by an entity without text', { text: `${AT} why?`, entities: [mention({ text: undefined })] }, 'why?'],
    ['by an entity with empty text', { text: `${AT} why?`, entities: [mention({ text: '' })] }, 'why?'],
    ['by an entity alone', { text: 'why?', entities: [mention({ text: undefined })] }, 'why?'],
    ['with a space of its own', { text: `${AT}&nbsp;why?`, entities: [mention()] }, 'why?'],
    [
      'beside a person',
      {
        text: `${AT} tell <at>Ada</at>?`,
        entities: [mention(), { type: 'mention', mentioned: { id: '29:ada' }, text: '<at>Ada</at>' }],
      },
      'tell Ada?',
    ],
    ['spelled otherwise', { text: `${AT} why?`, entities: [mention({ type: 'Mention' })] }, 'why?'],
    [
      'outside code that shows another',
      { text: `${AT} what is \`${AT}\`?`, entities: [mention()] },
      'what is `Chipwright`?',
    ],
    ['and nothing else', { text: AT, entities: [mention()] }, ''],
    [
      'in HTML',
      {
        textFormat: 'xml',
        text: `<p>${AT} a &lt; b &amp;&amp; c</p><pre>x = 1\ny</pre>`,
        entities: [mention()],
      },
      'a < b && c\n\n```\nx = 1\ny\n```',
    ],
  ])('%s', (_name, over, text) => {
    expect(question({ conversation: channel, ...over }).text).toBe(text);
  });

  it.each<[string, RawActivity]>([
    ['of nobody', { text: 'why?' }],
    ['typed by hand', { text: `${AT} why?` }],
    [
      'of another',
      {
        text: '<at>Ada</at> why?',
        entities: [mention({ mentioned: { id: '29:ada' }, text: '<at>Ada</at>' })],
      },
    ],
    ['in a code span', { text: `\`${AT}\` why?`, entities: [mention()] }],
    ['in a fence', { text: `\`\`\`\n${AT} why?\n\`\`\``, entities: [mention()] }],
    ['in a fence left open', { text: `\`\`\`\n${AT} why?`, entities: [mention()] }],
    ['in HTML code', { textFormat: 'html', text: `<code>${AT}</code> why?`, entities: [mention()] }],
    [
      'in a preformatted block',
      { textFormat: 'html', text: `<pre class="x">${AT}</pre>`, entities: [mention()] },
    ],
  ])('does not count: %s', (_name, over) => {
    expect(read({ conversation: channel, ...over }).kind).toBe('nothing');
  });
});

describe('who and what passes without an answer', () => {
  it.each<[string, RawActivity]>([
    ['the bot itself', { text: 'x', from: { id: BOT } }],
    ['another bot by role', { text: 'x', from: { id: '29:robot', role: 'bot' } }],
    ['another bot by id', { text: 'x', from: { id: '28:robot' } }],
    ['a skill', { text: 'x', from: { id: '29:robot', role: 'skill' } }],
    ['an edit', { type: 'messageUpdate', text: 'x' }],
    ['an edit that comes as a message', { text: 'x', channelData: { eventType: 'editMessage' } }],
    ['a reaction', { type: 'messageReaction', reactionsAdded: [{ type: 'like' }] }],
    ['a deletion', { type: 'messageDelete' }],
    ['typing', { type: 'typing' }],
    ['an invoke', { type: 'invoke', name: 'message/submitAction', value: {} }],
    ['a pressed button', { value: { action: 'x' } }],
    ['a message without id', { text: 'x', id: undefined }],
    ['a person who joins', { type: 'conversationUpdate', membersAdded: [{ id: '29:ada' }] }],
    ['something new', { type: 'somethingNew' }],
  ])('%s', (_name, over) => {
    expect(read(over).kind).toBe('nothing');
  });
});

describe('commands', () => {
  it.each(['help', 'Help', '/help', 'help!', ' help ', 'ask', 'HELP?'])('%j calls for help', (text) => {
    expect(read({ text }).kind).toBe('help');
  });

  it.each([
    ['ask why is the clock late?', 'why is the clock late?', 'command'],
    ['ASK  why?', 'why?', 'command'],
    ['help me with timing', 'help me with timing', 'direct'],
    ['asking for a friend', 'asking for a friend', 'direct'],
  ])('%j is a question', (text, asked, addressed) => {
    expect(question({ text })).toMatchObject({ text: asked, addressed });
  });
});

describe('threads', () => {
  it('gives a reply the thread of its root', () => {
    const root = question({ conversation: channel, text: AT, entities: [mention()] });
    const later = question({ id: '1800', conversation: channel, text: AT, entities: [mention()] });
    expect(later.thread).toEqual(root.thread);
    expect(later.id).not.toBe(root.id);
    expect(root).toMatchObject({
      surface: 'channel',
      thread: { platform: 'teams', tenant: 'home', key: channel.id },
    });
  });

  it('makes a channel message without a root the root of its own thread', () => {
    const bare = { ...channel, id: '19:c@thread.tacv2' };
    const message = question({ conversation: bare, text: AT, entities: [mention()] });
    expect(message.thread.key).toBe('19:c@thread.tacv2;messageid=1700');
    expect(decodeAddress(message.address).conversation.id).toBe('19:c@thread.tacv2;messageid=1700');
  });

  it('knows the kind of a conversation that does not name it', () => {
    const surface = (conversation: RawActivity) =>
      question({ conversation, text: AT, entities: [mention()] }).surface;
    expect(surface({ id: '19:x@thread.tacv2' })).toBe('channel');
    expect(surface({ id: '19:x@thread.v2', isGroup: true })).toBe('group');
    expect(surface({ id: 'a:1' })).toBe('direct');
  });

  it('keeps no name and no text in the address', () => {
    const { address } = question({ text: 'a private matter', from: { id: '29:ada', name: 'Ada Lovelace' } });
    expect(address).not.toMatch(/Lovelace|private/);
  });

  it('refuses an address it did not write', () => {
    for (const stored of ['', '{}', 'null', '{"serviceUrl":"x"}', '[]']) {
      expect(() => decodeAddress(stored)).toThrow(expect.objectContaining({ code: 'payload_invalid' }));
    }
  });
});

describe('people', () => {
  it.each<[string, RawActivity, string | undefined, object]>([
    ['of the tenant', {}, undefined, { id: 'ada-object-id', tenant: 'home', kind: 'human' }],
    ['without an Entra id', { from: { id: '29:x' } }, undefined, { id: '29:x', kind: 'human' }],
    ['who are guests', { from: { id: '29:x', userRole: 'guest' } }, undefined, { kind: 'guest' }],
    [
      'who came without signing in',
      { from: { id: '29:x', userRole: 'anonymous' } },
      undefined,
      { kind: 'guest' },
    ],
    [
      'of another tenant',
      { from: { id: '29:x', tenantId: 'away' } },
      undefined,
      { tenant: 'away', kind: 'external' },
    ],
    [
      'whose tenant the channel names',
      { channelData: { tenant: { id: 'away' } } },
      undefined,
      { kind: 'external' },
    ],
    ['in a chat of another tenant', {}, 'bot-home', { tenant: 'home', kind: 'external' }],
    ["of the bot's own tenant", {}, 'home', { kind: 'human' }],
  ])('%s', (_name, over, homeTenant, author) => {
    expect(question({ text: 'x', ...over }, homeTenant).author).toMatchObject(author);
  });
});

describe('attachments', () => {
  it('names files, and not the copy of the text, quotes or cards', () => {
    const attachments = [
      { contentType: 'text/html', content: '<p>x</p>' },
      { contentType: 'application/vnd.microsoft.teams.file.download.info', name: 'route.log' },
      { contentType: 'image/*', contentUrl: 'https://x' },
      { contentType: 'messageReference', name: 'quote' },
      { contentType: 'application/vnd.microsoft.card.adaptive' },
    ];
    expect(question({ text: 'x', attachments }).attachments).toEqual(['route.log', 'image']);
  });

  it('takes a file that comes without a word', () => {
    const attachments = [{ contentType: 'application/pdf', name: 'a.pdf' }];
    expect(question({ text: undefined, attachments })).toMatchObject({ text: '', attachments: ['a.pdf'] });
  });
});

describe('HTML', () => {
  it.each([
    ['a<br>b<br/>c', 'a\nb\nc'],
    ['<div>a</div><div>b</div>', 'a\n\nb'],
    ['<ul><li>a</li><li>b</li></ul>', '- a\n- b'],
    ['x <code>a &lt; b</code>', 'x `a < b`'],
    ['&#65;&#x42;&nbsp;&copy;&#0;&#x110000;', 'AB &copy;&#0;&#x110000;'],
    ['<script>alert(1)</script>a<style>b{}</style>', 'a'],
    ['<!-- hidden -->a', 'a'],
    ['a < b and b > c', 'a < b and b > c'],
    ['<img src="https://x/y.png" alt="z">', ''],
    ['&amp;lt;', '&lt;'],
  ])('%j reads %j', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });

  it('never fails, and leaves no tag it knows', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<b',
      '>',
      '"',
      "'",
      '<!--',
      '-->',
      '&lt',
      ';',
      '&#',
      'x',
      '<at>',
      '</',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(htmlToText(pieces.join(''))).not.toMatch(/<\/?p>/);
      }),
    );
  });

  it('reads a megabyte of unclosed tags without delay', () => {
    expect(htmlToText('<a '.repeat(350_000)).length).toBeGreaterThan(0);
    expect(htmlToText('<!--'.repeat(250_000))).toBe('');
  });

  it('normalises to NFC', () => {
    expect(question({ text: 'u\u0308ber' }).text).toBe('\u00fcber');
  });
});
