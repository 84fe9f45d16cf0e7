// Settings that would run the bot open to anybody, or not at all, are refused before anything starts.
import pino from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { TeamsConfig } from '../../../adapters/teams/teams-config.js';
import { createTeamsPlatform } from '../../../adapters/teams/teams-platform.js';
import { deadUrl, instantPace, openBot } from './bot.js';

const good: TeamsConfig = {
  appId: '11111111-2222-3333-4444-555555555555',
  appPassword: 'secret-password',
  appType: 'MultiTenant',
  allowAnonymous: false,
};

function create(over: Partial<TeamsConfig>) {
  const tools = { log: pino({ level: 'silent' }), now: () => 0, fetch, pace: instantPace() };
  return createTeamsPlatform({ ...good, ...over }, tools);
}

describe('what is refused', () => {
  it.each<[string, Partial<TeamsConfig>, RegExp]>([
    ['an empty app id', { appId: '' }, /app id is empty/],
    ['a blank app id', { appId: ' \t' }, /app id is empty/],
    ['an app id and anonymous access', { allowAnonymous: true }, /at the same time/],
    ['an empty password', { appPassword: '' }, /app password is empty/],
    ['a single tenant without its id', { appType: 'SingleTenant' }, /needs a tenant id/],
    [
      'a managed identity without tenant',
      { appType: 'UserAssignedMSI', appPassword: '' },
      /needs a tenant id/,
    ],
    ['a managed identity with a password', { appType: 'UserAssignedMSI', tenantId: 't' }, /no app password/],
  ])('%s', (_name, over, message) => {
    expect(() => create(over)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) }),
    );
  });

  it.each<[string, Partial<TeamsConfig>]>([
    ['many tenants', {}],
    ['one tenant', { appType: 'SingleTenant', tenantId: 't' }],
    ['a managed identity', { appType: 'UserAssignedMSI', appPassword: '', tenantId: 't' }],
    ['the Playground', { appId: '', appPassword: '', allowAnonymous: true }],
  ])('but not %s', (_name, over) => {
    expect(create(over).name).toBe('teams');
  });
});

describe('the login', () => {
  it('stops the start when Microsoft refuses the credentials, without their secret', async () => {
    await expect(openBot({ appPassword: 'wrong-password' })).rejects.toMatchObject({
      code: 'auth_rejected',
      message: expect.not.stringContaining('wrong-password'),
      cure: expect.stringContaining('expired'),
    });
  });

  it('starts all the same when the login does not answer, and says so in its health', async () => {
    const bot = await openBot({ toChannelFromBotLoginUrl: `${await deadUrl()}/login` });
    expect(await bot.platform.check()).toMatchObject({ ok: false, detail: expect.stringContaining('login') });
    expect(bot.lines.join()).toContain('does not answer');
    await bot.close();
  });

  it('asks for one token, not one for each message', async () => {
    const bot = await openBot();
    for (const question of ['help', 'help', 'help']) {
      await bot.standIn.deliver(bot.url, bot.standIn.personalMessage(question));
    }
    await bot.standIn.until(() => bot.standIn.sent.length === 3);
    expect(bot.standIn.logins).toBe(1);
    await bot.close();
  });
});

describe('anonymous access', () => {
  const anonymous = { appId: '', appPassword: '', allowAnonymous: true };

  it('takes messages without a token, and answers without one', async () => {
    const bot = await openBot(anonymous);
    const { status } = await bot.standIn.deliver(bot.url, bot.standIn.personalMessage('help'), null);
    expect(status).toBe(200);
    await bot.standIn.until(() => bot.standIn.sent.length === 1);
    expect(bot.standIn.sent[0]?.authorization).toBe('');
    expect(bot.standIn.logins).toBe(0);
    expect((await bot.platform.check()).ok).toBe(true);
    await bot.close();
  });

  it.each([
    'https://evil.example/',
    'http://10.0.0.1/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://[::2]/',
  ])('sends nothing to %s', async (serviceUrl) => {
    const bot = await openBot(anonymous);
    const fetched = vi.spyOn(globalThis, 'fetch');
    const activity = bot.standIn.personalMessage('help', { serviceUrl });
    expect((await bot.standIn.deliver(bot.url, activity, null)).status).toBe(401);
    expect(fetched).toHaveBeenCalledTimes(1); // the delivery itself
    fetched.mockRestore();
    await bot.close();
  });

  it('takes the Playground and the Emulator, and no other channel', async () => {
    const bot = await openBot(anonymous);
    for (const [channelId, status] of [
      ['msteams', 200],
      ['emulator', 200],
      ['webchat', 401],
    ] as const) {
      const activity = bot.standIn.personalMessage('Hello?', { channelId });
      expect((await bot.standIn.deliver(bot.url, activity, null)).status).toBe(status);
    }
    await bot.close();
  });
});
