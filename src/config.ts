// Environment and chipwright.yaml to one typed, checked Config. Nothing else reads either of them.
import { z } from 'zod';
import type { SlackConfig } from '../adapters/slack/slack-platform.js';
import type { TeamsConfig } from '../adapters/teams/teams-config.js';
import { ChipwrightError } from './errors.js';
import { nearestName } from './nearest-name.js';

export interface SourceConfig {
  readonly dir: string;
  readonly name?: string;
  /** Such as `https://host/org/repo/blob/{commit}/{path}#L{line}`. */
  readonly link?: string;
  readonly audience: string;
}

export interface Config {
  /** `needed`: a platform is reached over it, or PORT asks for it, as for probes of its health. */
  readonly server: { readonly host: string; readonly port: number; readonly needed: boolean };
  /** Folder of everything that is kept: models, index, logs. */
  readonly dataDir: string;
  readonly slack: SlackConfig | null;
  readonly teams: TeamsConfig | null;
  readonly languageModel: {
    readonly apiKey?: string;
    readonly baseUrl?: string;
    readonly model: string;
  } | null;
  readonly qdrant: {
    readonly url: string;
    readonly apiKey?: string;
    /** As in QdrantIndexParts. */
    readonly hnswEf?: number | undefined;
  } | null;
  /** The PostgreSQL database that holds questions and threads; null: a file in the data folder. A secret. */
  readonly databaseUrl: string | null;
  /** The Redis server on which replicas share the pace of what they send; null: each paces for itself. A secret. */
  readonly redisUrl: string | null;
  readonly encoder: string;
  /** Whether answers are taken down in the audit log. */
  readonly audit: boolean;
  readonly limits: {
    /** The time of one question, from its turn to its whole answer. */
    readonly questionSeconds: number;
    /** Questions of one person that may wait for their turn. */
    readonly waitingPerPerson: number;
    /** Questions taken from one person within a minute. */
    readonly perMinutePerPerson: number;
    /** Questions taken from one workspace within a minute. */
    readonly perMinutePerWorkspace: number;
  };
  /** When the service tunes by itself; null: never. */
  readonly tuning: { readonly everyDays?: number; readonly afterDocuments?: number } | null;
  readonly sources: readonly SourceConfig[];
  /** Hosts that links may lead to; undefined: the hosts of the link templates, as ingested. */
  readonly linkHosts?: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);

/** Every variable that is read, with where its value comes from: for messages and for `chipwright doctor`. */
export const VARIABLES = {
  SLACK_BOT_TOKEN: 'api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token (xoxb-...)',
  SLACK_SIGNING_SECRET: 'api.slack.com/apps > your app > Basic Information > Signing Secret (for HTTP)',
  SLACK_APP_TOKEN:
    'api.slack.com/apps > your app > Basic Information > App-Level Tokens, scope connections:write (for Socket Mode, xapp-...)',
  SLACK_API_URL: 'only for a proxy or a stand-in of the Slack API',
  MicrosoftAppId: 'Azure portal > your Azure Bot > Configuration > Microsoft App ID',
  MicrosoftAppPassword: 'Azure portal > your app registration > Certificates & secrets',
  MicrosoftAppTenantId: 'Azure portal > Microsoft Entra ID > Tenant ID (SingleTenant and UserAssignedMSI)',
  MicrosoftAppType: 'MultiTenant (default), SingleTenant or UserAssignedMSI',
  ToChannelFromBotLoginUrl:
    'only for a sovereign cloud or a stand-in: the authority that issues the tokens of the bot',
  ToBotFromChannelOpenIdMetadataUrl:
    'only for a sovereign cloud or a stand-in: where the keys are found that sign incoming requests',
  TEAMS_ALLOW_ANONYMOUS:
    'true only for a local Teams client without credentials, while HOST is a loopback address',
  OPENAI_MODEL: 'the name of the model at your endpoint; setting it turns the language model on',
  OPENAI_API_KEY: 'from your provider; not needed by most local endpoints',
  OPENAI_BASE_URL: 'an OpenAI-compatible endpoint, such as http://localhost:11434/v1',
  QDRANT_URL: 'your Qdrant server, such as http://localhost:6333; unset: the embedded index',
  QDRANT_API_KEY: 'your Qdrant server',
  DATABASE_URL:
    'your PostgreSQL server, such as postgresql://chipwright:...@db.example.com/chipwright; unset: a file in the data folder',
  REDIS_URL:
    'your Redis server, such as redis://redis.example.com:6379; only for several replicas, which then share the pace of what they send',
  PORT: 'port of the HTTP server (3000)',
  HOST: 'address the HTTP server listens on (127.0.0.1)',
  CHIPWRIGHT_DATA: 'folder for models and indexes (./data)',
} as const;

/** Read by others in the same process, so not unknown. */
const NEIGHBOURS = ['CHIPWRIGHT_TEST_MODELS'];

const yamlSource = z.strictObject({
  dir: z.string().min(1),
  name: z.string().min(1).optional(),
  link: z.string().startsWith('https://').optional(),
  audience: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._:-]{0,63}$/)
    .default('public'),
});

const yamlLimits = z.strictObject({
  questionSeconds: z.int().min(10).max(300).default(60),
  waitingPerPerson: z.int().min(1).max(200).default(20),
  perMinutePerPerson: z.int().min(1).max(10_000).default(30),
  perMinutePerWorkspace: z.int().min(1).max(100_000).default(1_000),
});

const yamlTuning = z.strictObject({
  everyDays: z.int().min(1).max(365).optional(),
  afterDocuments: z.int().min(1).optional(),
});

const yamlQdrant = z.strictObject({
  hnswEf: z.int().min(16).max(10_000).optional(),
});

const yamlFile = z.strictObject({
  encoder: z.enum(['bge-small-en-v1.5', 'all-MiniLM-L6-v2']).default('bge-small-en-v1.5'),
  audit: z.boolean().default(true),
  followUps: z.boolean().default(false),
  limits: yamlLimits.prefault({}),
  qdrant: yamlQdrant.optional(),
  tuning: yamlTuning.optional(),
  sources: z.array(yamlSource).default([]),
  linkHosts: z.array(z.string().min(1)).optional(),
});

/** Keys of chipwright.yaml, for the nearest-name message. */
const YAML_KEYS = [yamlFile, yamlLimits, yamlQdrant, yamlTuning, yamlSource].flatMap(({ shape }) =>
  Object.keys(shape),
);

/**
 * Throws `config_invalid` naming every variable or key that is wrong, its value (never a secret's), and what is allowed.
 * `machineName` is the host name of this machine: shells such as tcsh set HOST to it, which is no wish to be reached from outside.
 * `yaml` is the parsed chipwright.yaml, or undefined when there is none.
 */
export function readConfig(env: Environment, machineName: string, yaml?: unknown): Config {
  const problems: string[] = misspelt(env);
  const file = yamlFile.safeParse(yaml ?? {});
  if (!file.success) problems.push(...file.error.issues.map(describeIssue));
  const settings = file.success ? file.data : yamlFile.parse({});

  const server = readServer(env, machineName, problems);
  const slack = readSlack(env, settings.followUps, problems);
  const teams = readTeams(env, server.host, problems);
  const languageModel = readLanguageModel(env, problems);
  const qdrant = readQdrant(env, problems, settings.qdrant);
  const databaseUrl = readDatabaseUrl(env, problems);
  const redisUrl = readRedisUrl(env, problems);
  if (problems.length > 0) {
    throw new ChipwrightError('config_invalid', problems.join('\n'), {
      cure: 'Correct these and start again; docs/configuration.md lists every setting.',
    });
  }
  const overHttp = teams !== null || (slack !== null && slack.appToken === undefined);
  return {
    server: { ...server, needed: overHttp || value(env, 'PORT') !== undefined },
    dataDir: value(env, 'CHIPWRIGHT_DATA') ?? './data',
    slack,
    teams,
    languageModel,
    qdrant,
    databaseUrl,
    redisUrl,
    encoder: settings.encoder,
    audit: settings.audit,
    limits: settings.limits,
    tuning: readTuning(settings.tuning),
    sources: settings.sources.map(({ dir, name, link, audience }) => ({
      dir,
      audience,
      ...(name === undefined ? {} : { name }),
      ...(link === undefined ? {} : { link }),
    })),
    ...(settings.linkHosts === undefined ? {} : { linkHosts: settings.linkHosts }),
  };
}

/** An empty `tuning:` asks for nothing. */
function readTuning(tuning: z.infer<typeof yamlTuning> = {}): Config['tuning'] {
  const { everyDays, afterDocuments } = tuning;
  if (everyDays === undefined && afterDocuments === undefined) return null;
  return {
    ...(everyDays === undefined ? {} : { everyDays }),
    ...(afterDocuments === undefined ? {} : { afterDocuments }),
  };
}

/** What is missing before a platform can be connected: variable and where to get it. Empty when it is configured. */
export function missingFor(config: Config, platform: 'slack' | 'teams' | 'languageModel'): string[] {
  const needs = {
    slack: ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN'],
    teams: ['MicrosoftAppId', 'MicrosoftAppPassword'],
    languageModel: ['OPENAI_MODEL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'],
  } as const;
  return config[platform] !== null ? [] : needs[platform].map((name) => `${name}: ${VARIABLES[name]}`);
}

type Variable = keyof typeof VARIABLES;

/** The variable's value; unset and blank are the same. */
function value(env: Environment, name: Variable): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function readServer(
  env: Environment,
  machineName: string,
  problems: string[],
): Omit<Config['server'], 'needed'> {
  const asked = value(env, 'HOST');
  const host = asked === undefined || asked === machineName ? '127.0.0.1' : asked;
  const port = value(env, 'PORT') ?? '3000';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    problems.push(`PORT is ${JSON.stringify(port)}; allowed is a number from 0 to 65535.`);
  }
  return { host, port: Number(port) };
}

function readSlack(env: Environment, followUps: boolean, problems: string[]): SlackConfig | null {
  const botToken = value(env, 'SLACK_BOT_TOKEN');
  const signingSecret = value(env, 'SLACK_SIGNING_SECRET');
  const appToken = value(env, 'SLACK_APP_TOKEN');
  const apiUrl = value(env, 'SLACK_API_URL');
  if (botToken === undefined && signingSecret === undefined && appToken === undefined) {
    if (apiUrl !== undefined) problems.push('SLACK_API_URL is set, but SLACK_BOT_TOKEN is not.');
    return null;
  }
  if (botToken === undefined) {
    problems.push(`Slack is half configured: SLACK_BOT_TOKEN is missing (${VARIABLES.SLACK_BOT_TOKEN}).`);
  } else if (botToken.startsWith('xoxp-')) {
    problems.push(
      'SLACK_BOT_TOKEN holds a user token (xoxp-...), which would act as a person; a bot token starts with xoxb-.',
    );
  } else if (!botToken.startsWith('xoxb-')) {
    problems.push('SLACK_BOT_TOKEN does not look like a bot token; it starts with xoxb-.');
  }
  if (signingSecret === undefined && appToken === undefined) {
    problems.push(
      'Slack is half configured: set SLACK_APP_TOKEN (Socket Mode, no public address needed) or SLACK_SIGNING_SECRET (HTTP).',
    );
  }
  if (appToken !== undefined && !appToken.startsWith('xapp-')) {
    problems.push('SLACK_APP_TOKEN does not look like an app-level token; it starts with xapp-.');
  }
  checkUrl('SLACK_API_URL', apiUrl, problems);
  return {
    botToken: botToken ?? '',
    followUps,
    ...(signingSecret === undefined ? {} : { signingSecret }),
    ...(appToken === undefined ? {} : { appToken }),
    ...(apiUrl === undefined ? {} : { apiUrl }),
  };
}

function readTeams(env: Environment, host: string, problems: string[]): TeamsConfig | null {
  const appId = value(env, 'MicrosoftAppId');
  const appPassword = value(env, 'MicrosoftAppPassword');
  const tenantId = value(env, 'MicrosoftAppTenantId');
  const loginUrl = value(env, 'ToChannelFromBotLoginUrl');
  const keysUrl = value(env, 'ToBotFromChannelOpenIdMetadataUrl');
  checkUrl('ToChannelFromBotLoginUrl', loginUrl, problems);
  checkUrl('ToBotFromChannelOpenIdMetadataUrl', keysUrl, problems);
  const anonymous = value(env, 'TEAMS_ALLOW_ANONYMOUS') ?? 'false';
  const appType = z
    .enum(['MultiTenant', 'SingleTenant', 'UserAssignedMSI'])
    .safeParse(value(env, 'MicrosoftAppType') ?? 'MultiTenant');
  if (anonymous !== 'true' && anonymous !== 'false') {
    problems.push(`TEAMS_ALLOW_ANONYMOUS is ${JSON.stringify(anonymous)}; allowed are true and false.`);
  }
  const allowAnonymous = anonymous === 'true';
  if (allowAnonymous && !LOOPBACK.has(host)) {
    problems.push(`TEAMS_ALLOW_ANONYMOUS lets anyone in, so HOST must be a loopback address, not ${host}.`);
  }
  if (allowAnonymous && appId !== undefined) {
    problems.push('MicrosoftAppId and TEAMS_ALLOW_ANONYMOUS exclude each other: leave one of them out.');
  }
  if (!appType.success) {
    problems.push(
      `MicrosoftAppType is ${JSON.stringify(env.MicrosoftAppType)}; allowed are MultiTenant, SingleTenant and UserAssignedMSI.`,
    );
  }
  const type = appType.success ? appType.data : 'MultiTenant';
  const isMentioned = ['MicrosoftAppId', 'MicrosoftAppPassword', 'MicrosoftAppTenantId'].some(
    (name) => env[name] !== undefined,
  );
  if (!isMentioned && !allowAnonymous) return null;
  if (appId === undefined && !allowAnonymous) {
    problems.push('Teams is half configured: MicrosoftAppId is empty, which would let anyone talk as Teams.');
  }
  if (appId !== undefined && appPassword === undefined && type !== 'UserAssignedMSI') {
    problems.push(
      `Teams is half configured: MicrosoftAppPassword is missing (${VARIABLES.MicrosoftAppPassword}).`,
    );
  }
  if (type !== 'MultiTenant' && tenantId === undefined) {
    problems.push(`Teams is half configured: MicrosoftAppTenantId is needed for ${type}.`);
  }
  return {
    appId: appId ?? '',
    appPassword: appPassword ?? '',
    appType: type,
    allowAnonymous,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(loginUrl === undefined ? {} : { toChannelFromBotLoginUrl: loginUrl }),
    ...(keysUrl === undefined ? {} : { toBotFromChannelOpenIdMetadataUrl: keysUrl }),
  };
}

function readLanguageModel(env: Environment, problems: string[]): Config['languageModel'] {
  const model = value(env, 'OPENAI_MODEL');
  const apiKey = value(env, 'OPENAI_API_KEY');
  const baseUrl = value(env, 'OPENAI_BASE_URL');
  checkUrl('OPENAI_BASE_URL', baseUrl, problems);
  if (model === undefined) {
    // A key alone is left over from other tools: documents go to a provider only when a model was named.
    if (baseUrl !== undefined)
      problems.push('OPENAI_BASE_URL is set, but OPENAI_MODEL does not name a model.');
    return null;
  }
  if (apiKey === undefined && baseUrl === undefined) {
    problems.push('OPENAI_MODEL is set, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is.');
  }
  return {
    model,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
}

function readQdrant(
  env: Environment,
  problems: string[],
  search: z.infer<typeof yamlQdrant> | undefined,
): Config['qdrant'] {
  const url = value(env, 'QDRANT_URL');
  const apiKey = value(env, 'QDRANT_API_KEY');
  checkUrl('QDRANT_URL', url, problems);
  if (url === undefined) {
    if (apiKey !== undefined) problems.push('QDRANT_API_KEY is set, but QDRANT_URL is not.');
    return null;
  }
  if (apiKey !== undefined && URL.canParse(url)) {
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !LOOPBACK.has(hostname.replace(/^\[|\]$/g, ''))) {
      problems.push(`QDRANT_API_KEY would travel unencrypted to ${hostname}; use https.`);
    }
  }
  return { url, ...(apiKey === undefined ? {} : { apiKey }), ...search };
}

function readDatabaseUrl(env: Environment, problems: string[]): string | null {
  const url = value(env, 'DATABASE_URL') ?? null;
  // The address may hold a password, and is not shown.
  if (url !== null && !(URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol))) {
    problems.push(
      'DATABASE_URL is no address of a PostgreSQL database: postgresql://USER:PASSWORD@HOST/DATABASE.',
    );
  }
  return url;
}

function readRedisUrl(env: Environment, problems: string[]): string | null {
  const url = value(env, 'REDIS_URL') ?? null;
  // The address may hold a password, and is not shown.
  if (url !== null && !(URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol))) {
    problems.push(
      'REDIS_URL is no address of a Redis server: redis://USER:PASSWORD@HOST:6379, or rediss:// with TLS.',
    );
  }
  return url;
}

function checkUrl(name: Variable, url: string | undefined, problems: string[]): void {
  if (url === undefined) return;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    problems.push(`${name} is ${JSON.stringify(url)}; allowed is an http or https address.`);
  }
}

/** Variables that are ours by prefix but not known, or one slip away from a known name. */
function misspelt(env: Environment): string[] {
  const known = [...Object.keys(VARIABLES), ...NEIGHBOURS];
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name)) return [];
    const nearest = nearestName(name, known);
    const isOurs = name.startsWith('CHIPWRIGHT_');
    if (
      !isOurs &&
      (nearest === undefined || !/^(SLACK|TEAMS|QDRANT|OPENAI|Microsoft|ToChannel|ToBot)/i.test(name))
    )
      return [];
    return [`${name} is not a setting${nearest === undefined ? '' : `; did you mean ${nearest}?`}`];
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = ['chipwright.yaml', ...issue.path].join(' > ');
  if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}.`;
  return issue.keys
    .map((key) => {
      const nearest = nearestName(key, YAML_KEYS);
      return `${where}: ${key} is not a setting${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
    })
    .join('\n');
}
