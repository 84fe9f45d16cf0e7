// Configuration: what starts, what is refused, and that the refusal says how to mend it.
import { describe, expect, it } from 'vitest';
import { missingFor, readConfig, VARIABLES } from '../src/config.js';
import { ChipwrightError } from '../src/errors.js';
import { nearestName } from '../src/nearest-name.js';

const SLACK = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'secret-of-slack' };
const TEAMS = { MicrosoftAppId: 'app', MicrosoftAppPassword: 'secret-of-teams' };
const read = (env: Record<string, string>, yaml?: unknown) => readConfig(env, 'this-machine', yaml);

function refusal(env: Record<string, string>, yaml?: unknown): string {
  try {
    read(env, yaml);
  } catch (error) {
    expect(error).toBeInstanceOf(ChipwrightError);
    expect((error as ChipwrightError).code).toBe('config_invalid');
    expect((error as ChipwrightError).cure).not.toBe('');
    return (error as ChipwrightError).message;
  }
  throw new Error('it was not refused');
}

describe('readConfig', () => {
  it('takes the address of a Redis server, and never shows a wrong one', () => {
    expect(read({ REDIS_URL: 'rediss://:secret@redis.example.com:6380' }).redisUrl).toContain('rediss://');
    const message = refusal({ REDIS_URL: 'https://:canary@redis.example.com' });
    expect(message).toContain('REDIS_URL is no address');
    expect(message).not.toContain('canary');
  });

  it('takes limits, and refuses those that make no sense', () => {
    expect(read({}, { limits: { questionSeconds: 120 } }).limits.questionSeconds).toBe(120);
    for (const questionSeconds of [0, 9, 301, 60.5, '60'])
      expect(refusal({}, { limits: { questionSeconds } })).toContain('limits > questionSeconds');
    expect(refusal({}, { limits: { questionSecond: 60 } })).toContain('did you mean questionSeconds');
  });

  it('needs nothing: a fresh machine gets a local assistant', () => {
    expect(read({})).toEqual({
      server: { host: '127.0.0.1', port: 3000, needed: false },
      dataDir: './data',
      slack: null,
      teams: null,
      languageModel: null,
      qdrant: null,
      databaseUrl: null,
      encoder: 'bge-small-en-v1.5',
      redisUrl: null,
      audit: true,
      limits: {
        questionSeconds: 60,
        waitingPerPerson: 20,
        perMinutePerPerson: 30,
        perMinutePerWorkspace: 1_000,
      },
      tuning: null,
      sources: [],
    });
  });

  it('takes how closely a Qdrant server is to look, for where there is one', () => {
    const yaml = { qdrant: { hnswEf: 400 } };
    expect(read({ QDRANT_URL: 'http://localhost:6333' }, yaml).qdrant).toEqual({
      url: 'http://localhost:6333',
      hnswEf: 400,
    });
    expect(read({}, yaml).qdrant).toBeNull();
    expect(refusal({}, { qdrant: { hnswEf: 5 } })).toContain('chipwright.yaml > qdrant > hnswEf: ');
    expect(refusal({}, { qdrant: { url: 'http://localhost:6333' } })).toContain('url');
  });

  it('takes a schedule of tuning, and refuses one that makes no sense', () => {
    const tuning = (value: unknown) => read({}, { tuning: value }).tuning;
    expect(tuning({ everyDays: 7, afterDocuments: 50 })).toEqual({ everyDays: 7, afterDocuments: 50 });
    expect(tuning({ afterDocuments: 50 })).toEqual({ afterDocuments: 50 });
    expect(tuning({})).toBeNull();
    expect(refusal({}, { tuning: { everyDays: 0 } })).toContain('chipwright.yaml > tuning > everyDays: ');
    expect(refusal({}, { tuning: { everyDay: 1 } })).toContain(
      'everyDay is not a setting; did you mean everyDays?',
    );
    expect(refusal({}, { tuning: 'weekly' })).toContain('chipwright.yaml > tuning: ');
  });

  it('takes blank variables for unset ones', () => {
    expect(read({ SLACK_BOT_TOKEN: ' ', PORT: '', OPENAI_MODEL: '' })).toEqual(read({}));
  });

  it('connects Slack by HTTP or Socket Mode, Teams, and a language model', () => {
    expect(read(SLACK).slack).toEqual({
      botToken: 'xoxb-1',
      signingSecret: 'secret-of-slack',
      followUps: false,
    });
    expect(read({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' }).slack).toMatchObject({
      appToken: 'xapp-1',
    });
    expect(read(TEAMS).teams).toMatchObject({ appId: 'app', appType: 'MultiTenant', allowAnonymous: false });
    expect(read({ OPENAI_MODEL: 'm', OPENAI_BASE_URL: 'http://localhost:1/v1' }).languageModel).toEqual({
      model: 'm',
      baseUrl: 'http://localhost:1/v1',
    });
  });

  it('reaches a sovereign cloud of Teams through the names botbuilder uses, and only over http', () => {
    const ToChannelFromBotLoginUrl = 'https://login.example.gov/tenant';
    const ToBotFromChannelOpenIdMetadataUrl = 'https://login.example.gov/keys';
    expect(
      read({ ...TEAMS, ToChannelFromBotLoginUrl, ToBotFromChannelOpenIdMetadataUrl }).teams,
    ).toMatchObject({
      toChannelFromBotLoginUrl: ToChannelFromBotLoginUrl,
      toBotFromChannelOpenIdMetadataUrl: ToBotFromChannelOpenIdMetadataUrl,
    });
    expect(refusal({ ...TEAMS, ToChannelFromBotLoginUrl: 'login' })).toContain(
      'ToChannelFromBotLoginUrl is "login"',
    );
    expect(refusal({ ...TEAMS, ToChannelFromBotLoginUri: 'https://a.example' })).toContain(
      'did you mean ToChannelFromBotLoginUrl?',
    );
  });

  it('does not send documents to a provider because a key happens to lie around', () => {
    expect(read({ OPENAI_API_KEY: 'k' }).languageModel).toBeNull();
  });

  it("does not listen to the outside because a shell set HOST to the machine's name", () => {
    expect(read({ HOST: 'this-machine' }).server.host).toBe('127.0.0.1');
    expect(read({ HOST: '0.0.0.0' }).server.host).toBe('0.0.0.0');
  });

  it('reads chipwright.yaml', () => {
    const yaml = {
      encoder: 'all-MiniLM-L6-v2',
      followUps: true,
      sources: [{ dir: 'docs', link: 'https://h/{path}' }],
    };
    const config = read(SLACK, yaml);
    expect(config.encoder).toBe('all-MiniLM-L6-v2');
    expect(config.slack?.followUps).toBe(true);
    expect(config.sources).toEqual([{ dir: 'docs', link: 'https://h/{path}', audience: 'public' }]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a user token', { ...SLACK, SLACK_BOT_TOKEN: 'xoxp-1' }, /SLACK_BOT_TOKEN.*user token/],
    ['another token', { ...SLACK, SLACK_BOT_TOKEN: 'xapp-1' }, /SLACK_BOT_TOKEN.*xoxb-/],
    [
      'a token alone',
      { SLACK_BOT_TOKEN: 'xoxb-1' },
      /half configured.*SLACK_APP_TOKEN.*SLACK_SIGNING_SECRET/,
    ],
    ['a secret alone', { SLACK_SIGNING_SECRET: 's' }, /half configured: SLACK_BOT_TOKEN/],
    [
      'an app token of another kind',
      { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xoxb-2' },
      /SLACK_APP_TOKEN.*xapp-/,
    ],
    ['an API address alone', { SLACK_API_URL: 'http://localhost:1/' }, /SLACK_API_URL/],
    ['an API address that is none', { ...SLACK, SLACK_API_URL: 'slack' }, /SLACK_API_URL is "slack"/],
    ['an empty app id', { MicrosoftAppId: '', MicrosoftAppPassword: 'p' }, /MicrosoftAppId is empty/],
    ['an app id alone', { MicrosoftAppId: 'a' }, /MicrosoftAppPassword is missing/],
    [
      'an unknown app type',
      { ...TEAMS, MicrosoftAppType: 'Both' },
      /MicrosoftAppType is "Both".*MultiTenant/,
    ],
    ['a tenant that is missing', { ...TEAMS, MicrosoftAppType: 'SingleTenant' }, /MicrosoftAppTenantId/],
    ['anonymous Teams for all', { TEAMS_ALLOW_ANONYMOUS: 'true', HOST: '0.0.0.0' }, /loopback/],
    ['anonymous and not', { ...TEAMS, TEAMS_ALLOW_ANONYMOUS: 'true' }, /exclude each other/],
    ['anonymous neither yes nor no', { TEAMS_ALLOW_ANONYMOUS: 'yes' }, /TEAMS_ALLOW_ANONYMOUS is "yes"/],
    ['a port that is none', { PORT: '80a' }, /PORT is "80a".*65535/],
    ['a port too high', { PORT: '70000' }, /PORT is "70000"/],
    ['an endpoint without a model', { OPENAI_BASE_URL: 'http://localhost:1' }, /OPENAI_MODEL/],
    ['a model without an endpoint', { OPENAI_MODEL: 'm' }, /OPENAI_API_KEY nor OPENAI_BASE_URL/],
    ['a Qdrant key alone', { QDRANT_API_KEY: 'k' }, /QDRANT_URL is not/],
    ['a Qdrant key in the clear', { QDRANT_URL: 'http://q.example.com', QDRANT_API_KEY: 'k' }, /unencrypted/],
    ['a database of another kind', { DATABASE_URL: 'mysql://u:secret-of-db@h/d' }, /DATABASE_URL is no/],
    ['a database without an address', { DATABASE_URL: 'chipwright' }, /postgresql:/],
    [
      'a misspelt name',
      { ...SLACK, SLACK_SIGNING_SECERT: 's' },
      /SLACK_SIGNING_SECERT.*did you mean SLACK_SIGNING_SECRET/,
    ],
    ['an unknown name of ours', { CHIPWRIGHT_DATTA: 'x' }, /CHIPWRIGHT_DATTA.*CHIPWRIGHT_DATA/],
  ])('refuses %s', (_what, env, message) => {
    expect(refusal(env)).toMatch(message);
  });

  it('lets variables of other programs alone', () => {
    expect(() => read({ SLACK_WEBHOOK: 'x', PATH: '/bin', OPENAI_ORG_ID: 'o', PORTAL: '1' })).not.toThrow();
  });

  it.each<[unknown, RegExp]>([
    [{ encoders: 'x' }, /encoders is not a setting; did you mean encoder\?/],
    [{ encoder: 'bert' }, /chipwright.yaml > encoder/],
    [{ sources: [{ dir: 'a', lnk: 'x' }] }, /lnk is not a setting; did you mean link\?/],
    [{ sources: [{ dir: 'a', audience: 'Team A' }] }, /sources > 0 > audience/],
    [{ sources: [{ dir: 'a', link: 'http://h/{path}' }] }, /sources > 0 > link/],
    ['just text', /chipwright.yaml/],
  ])('refuses the file %j', (yaml, message) => {
    expect(refusal({}, yaml)).toMatch(message);
  });

  it('names everything that is wrong at once, and no secret', () => {
    const message = refusal({
      ...TEAMS,
      SLACK_SIGNING_SECRET: 'secret-of-slack',
      PORT: 'x',
      MicrosoftAppType: 'y',
      DATABASE_URL: 'http://u:secret-of-db@h/d',
    });
    expect(message.split('\n')).toHaveLength(4);
    expect(message).not.toContain('secret-of');
  });

  it('says where to get what is missing', () => {
    const config = read({});
    for (const part of ['slack', 'teams', 'languageModel'] as const) {
      for (const line of missingFor(config, part)) {
        const [name = ''] = line.split(':');
        expect(Object.keys(VARIABLES)).toContain(name);
        expect(line.length).toBeGreaterThan(name.length + 10);
      }
    }
    expect(missingFor(read(SLACK), 'slack')).toEqual([]);
  });
});

describe('nearestName', () => {
  it('finds the slip of a pen, not any other word', () => {
    expect(nearestName('encodr', ['encoder', 'sources'])).toBe('encoder');
    expect(nearestName('PROT', ['PORT', 'HOST'])).toBe('PORT');
    expect(nearestName('something', ['encoder', 'sources'])).toBeUndefined();
    expect(nearestName('', [])).toBeUndefined();
  });
});
