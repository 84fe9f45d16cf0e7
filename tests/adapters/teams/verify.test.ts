// No request that Microsoft did not sign for this bot reaches the inbox, and none learns why.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RawActivity } from '../../support/teams-stand-in.js';
import { type Bot, deadUrl, openBot } from './bot.js';

let bot: Bot;

beforeAll(async () => {
  // botbuilder prints every refused token to the console.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  bot = await openBot();
});
afterAll(async () => {
  await bot.close();
  vi.restoreAllMocks();
});
beforeEach(() => {
  bot.inbox.seen.length = 0;
  bot.inbox.taken.length = 0;
});

async function post(body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(bot.url, { method: 'POST', body, headers });
  return { status: response.status, body: await response.text() };
}

const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with the right claims and whatever header and signature. */
function forged(activity: RawActivity, header: unknown, signature: (input: string) => string): string {
  const claims = {
    iss: 'https://api.botframework.com',
    aud: bot.standIn.appId,
    serviceurl: activity.serviceUrl,
    exp: seconds(3600),
  };
  const input = `${base64(header)}.${base64(claims)}`;
  return `${input}.${signature(input)}`;
}

type Row = [name: string, authorization: (activity: RawActivity) => string | null | Promise<string | null>];

const claimRows: [string, Record<string, unknown>][] = [
  ['another issuer', { iss: 'https://evil.example' }],
  ['no issuer', { iss: undefined }],
  ['an issuer in a list', { iss: ['https://api.botframework.com'] as unknown as string }],
  ['the Emulator as issuer', { iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/' }],
  ['another bot as audience', { aud: '11111111-2222-3333-4444-555555555555' }],
  ['no audience', { aud: undefined }],
  ['an empty audience', { aud: '' }],
  ['a list of audiences', { aud: ['x', 'y'] }],
  ['an expiry long past', { exp: seconds(-86_400) }],
  ['an expiry six minutes past', { exp: seconds(-360) }],
  ['an expiry that is text', { exp: 'tomorrow' as unknown as number }],
  ['a beginning in an hour', { nbf: seconds(3600) }],
  ['another service URL', { serviceurl: 'https://evil.example/' }],
  ['no service URL', { serviceurl: undefined }],
  ['a service URL with other case', { serviceurl: 'HTTP://127.0.0.1/connector/' }],
  ['a skill as sender', { ver: '1.0', appid: 'another', azp: 'another', serviceurl: undefined }],
];

const rows: Row[] = [
  ['no header', () => null],
  ['an empty header', () => ''],
  ['only the scheme', () => 'Bearer'],
  ['the scheme and a space', () => 'Bearer '],
  ['words', () => 'Bearer not a token'],
  ['two dots', () => 'Bearer ..'],
  ['one part', () => 'Bearer abc'],
  ['four parts', () => 'Bearer a.b.c.d'],
  ['another scheme', async (activity) => `Basic ${await bot.standIn.token(activity)}`],
  ['a lower-case scheme', async (activity) => `bearer ${await bot.standIn.token(activity)}`],
  ['no scheme', async (activity) => bot.standIn.token(activity)],
  [
    'two tokens',
    async (activity) => {
      const token = await bot.standIn.token(activity);
      return `Bearer ${token}, Bearer ${token}`;
    },
  ],
  ['10 kB of nothing', () => `Bearer ${'A'.repeat(10_000)}`],
  ['alg none', (activity) => `Bearer ${forged(activity, { alg: 'none', typ: 'JWT' }, () => '')}`],
  [
    'alg NoNe with a signature',
    (activity) => `Bearer ${forged(activity, { alg: 'NoNe', typ: 'JWT' }, () => 'AAAA')}`,
  ],
  [
    'an unknown key',
    async (activity) => `Bearer ${await bot.standIn.token(activity, {}, { kid: 'unknown' })}`,
  ],
  ['no key named', (activity) => `Bearer ${forged(activity, { alg: 'RS256', typ: 'JWT' }, () => 'AAAA')}`],
  [
    'a signature cut short',
    async (activity) => `Bearer ${(await bot.standIn.token(activity)).slice(0, -20)}`,
  ],
  [
    'no signature',
    async (activity) => `Bearer ${(await bot.standIn.token(activity)).replace(/\.[^.]*$/, '.')}`,
  ],
  [
    'a signature of other claims',
    async (activity) => {
      const [header, , signature] = (await bot.standIn.token(activity)).split('.');
      return `Bearer ${header}.${base64({ iss: 'https://api.botframework.com', aud: bot.standIn.appId, exp: seconds(9e6), serviceurl: activity.serviceUrl })}.${signature}`;
    },
  ],
  [
    'HS256 with the public key as secret',
    async (activity) => {
      const key = await bot.standIn.publicKey();
      const kid = await kidOf(activity);
      return `Bearer ${forged(activity, { alg: 'HS256', typ: 'JWT', kid }, (input) =>
        createHmac('sha256', String(key.n)).update(input).digest('base64url'),
      )}`;
    },
  ],
  ...claimRows.map(
    ([name, claims]): Row => [
      name,
      async (activity) => `Bearer ${await bot.standIn.token(activity, claims)}`,
    ],
  ),
];

async function kidOf(activity: RawActivity): Promise<string> {
  const [header = ''] = (await bot.standIn.token(activity)).split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}

describe('tokens that are refused with 401 and nothing else', () => {
  it.each(rows)('%s', async (_name, authorization) => {
    const activity = bot.standIn.personalMessage('Let me in');
    expect(await bot.standIn.deliver(bot.url, activity, await authorization(activity))).toEqual({
      status: 401,
      body: '',
    });
    expect(bot.inbox.seen).toHaveLength(0);
  });

  it.each([
    ['the service URL', { serviceUrl: 'https://evil.example/' }],
    ['a service URL that only begins alike', { serviceUrl: 'http://127.0.0.1.evil.example/' }],
    ['the channel', { channelId: 'directline' }],
    ['the channel to one with keys of its own', { channelId: 'AseChannel' }],
    ['the channel to the Emulator', { channelId: 'emulator' }],
  ])('a good token replayed after changing %s', async (_name, change) => {
    const activity = bot.standIn.personalMessage('Let me in');
    const token = `Bearer ${await bot.standIn.token(activity)}`;
    expect(await bot.standIn.deliver(bot.url, { ...activity, ...change }, token)).toEqual({
      status: 401,
      body: '',
    });
    expect(bot.inbox.seen).toHaveLength(0);
  });

  it('even one that proves a plain http URL elsewhere', async () => {
    const activity = bot.standIn.personalMessage('Let me in', { serviceUrl: 'http://teams.example/' });
    expect(await bot.standIn.deliver(bot.url, activity)).toEqual({ status: 401, body: '' });
  });

  it('whichever character of the token is changed', async () => {
    const activity = bot.standIn.personalMessage('Let me in');
    const token = await bot.standIn.token(activity);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'Az09_-.'), async (at, char) => {
        // The last character of a base64 part holds bits that decode to nothing.
        fc.pre(token[at] !== char && token[at + 1] !== '.' && at !== token.length - 1);
        const changed = token.slice(0, at) + char + token.slice(at + 1);
        const { status, body } = await bot.standIn.deliver(bot.url, activity, `Bearer ${changed}`);
        expect([status, body]).toEqual([401, '']);
      }),
      { numRuns: 60 },
    );
    expect(bot.inbox.seen).toHaveLength(0);
  });
});

describe('bodies that are refused with 400 and nothing else', () => {
  const activity = () => bot.standIn.personalMessage('x');
  it.each<[string, () => string | Uint8Array]>([
    ['nothing', () => ''],
    ['an empty object', () => '{}'],
    ['a list', () => '[]'],
    ['null', () => 'null'],
    ['a number', () => '7'],
    ['broken JSON', () => '{"type":"message"'],
    ['bytes', () => new Uint8Array([0xff, 0xfe, 0x00, 0x80])],
    ['no type', () => JSON.stringify({ ...activity(), type: undefined })],
    ['an empty type', () => JSON.stringify({ ...activity(), type: '' })],
    ['a type that is no text', () => JSON.stringify({ ...activity(), type: { $ne: '' } })],
    ['no conversation', () => JSON.stringify({ ...activity(), conversation: undefined })],
    ['no sender', () => JSON.stringify({ ...activity(), from: undefined })],
    ['no recipient', () => JSON.stringify({ ...activity(), recipient: null })],
    ['no channel', () => JSON.stringify({ ...activity(), channelId: '' })],
    ['no service URL', () => JSON.stringify({ ...activity(), serviceUrl: undefined })],
    ['an empty service URL', () => JSON.stringify({ ...activity(), serviceUrl: '' })],
    [
      'a service URL that is none',
      () => JSON.stringify({ ...activity(), serviceUrl: 'urn:botframework:tcp' }),
    ],
    ['a file as service URL', () => JSON.stringify({ ...activity(), serviceUrl: 'file:///etc/passwd' })],
    ['deep nesting', () => `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('%s', async (_name, body) => {
    const authorization = `Bearer ${await bot.standIn.token(activity())}`;
    expect(await post(body(), { authorization })).toEqual({ status: 400, body: '' });
    expect(bot.inbox.seen).toHaveLength(0);
  });
});

describe('what is let in', () => {
  it('takes a well signed question', async () => {
    expect(await bot.standIn.deliver(bot.url, bot.standIn.personalMessage('Hello?'))).toEqual({
      status: 200,
      body: '',
    });
    expect(bot.inbox.only.text).toBe('Hello?');
  });

  it('takes a token that ran out within the five minutes clocks may differ', async () => {
    const activity = bot.standIn.personalMessage('Hello?');
    const token = await bot.standIn.token(activity, { exp: seconds(-60) });
    expect((await bot.standIn.deliver(bot.url, activity, `Bearer ${token}`)).status).toBe(200);
  });

  it('is not put off by odd values beside what matters', async () => {
    const odd = {
      entities: 'none',
      attachments: [null, 7, {}],
      channelData: [],
      textFormat: 9,
      membersAdded: {},
      locale: {},
    };
    const { status } = await bot.standIn.deliver(bot.url, bot.standIn.personalMessage('Hello?', odd));
    expect(status).toBe(200);
    expect(bot.inbox.only.text).toBe('Hello?');
  });

  it('answers 503 and nothing else while the keys cannot be loaded', async () => {
    const lost = await openBot({ toBotFromChannelOpenIdMetadataUrl: `${await deadUrl()}/openid` });
    const answer = await lost.standIn.deliver(lost.url, lost.standIn.personalMessage('Hello?'));
    expect(answer).toEqual({ status: 503, body: '' });
    expect(lost.inbox.seen).toHaveLength(0);
    await lost.close();
  });

  it('answers 500 and nothing else when the inbox breaks its word', async () => {
    const broken = await openBot({}, { accept: () => Promise.reject(new Error('secret words')) });
    const answer = await broken.standIn.deliver(broken.url, broken.standIn.personalMessage('Hello?'));
    expect(answer).toEqual({ status: 500, body: '' });
    await broken.close();
  });

  it('answers a look from the Agents Playground', async () => {
    expect((await fetch(bot.url)).status).toBe(200);
  });
});
