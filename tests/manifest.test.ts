// The Slack manifest and the adapter ask for and use the same things, within Slack's limits.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  ASK_COMMAND,
  ASK_SHORTCUT,
  BOT_EVENTS,
  BOT_SCOPES,
  EVENTS_PATH,
  METHOD_SCOPES,
  SUGGESTED_PROMPTS,
} from '../adapters/slack/app-surface.js';

const ROOT = resolve(import.meta.dirname, '..');
const source = readFileSync(join(ROOT, 'manifest.yml'), 'utf8');

/** The parts of a manifest that this app uses, with the limits of Slack's manifest reference. Anything else is a slip. */
const manifestSchema = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal(2) }),
  display_information: z.strictObject({
    name: z.string().min(1).max(35),
    description: z.string().max(140),
    long_description: z.string().min(175).max(4000),
    background_color: z.string().regex(/^#([0-9A-Fa-f]{3}){1,2}$/),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.literal(true),
      messages_tab_read_only_enabled: z.literal(false),
    }),
    bot_user: z.strictObject({
      display_name: z
        .string()
        .max(80)
        .regex(/^[\w.-]+$/),
      always_online: z.boolean(),
    }),
    agent_view: z.strictObject({
      agent_description: z.string().min(1).max(300),
      suggested_prompts: z
        .array(z.strictObject({ title: z.string().min(1), message: z.string().min(1) }))
        .max(4),
    }),
    slash_commands: z
      .array(
        z.strictObject({
          command: z.string().startsWith('/').max(32),
          url: z.url().optional(),
          description: z.string().max(2000),
          usage_hint: z.string().max(1000),
          should_escape: z.boolean(),
        }),
      )
      .max(50),
    shortcuts: z
      .array(
        z.strictObject({
          name: z.string().max(24),
          type: z.literal('message'),
          callback_id: z.string().max(255),
          description: z.string().max(150),
        }),
      )
      .max(10),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()).max(255) }) }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({
      request_url: z.url().optional(),
      bot_events: z.array(z.string()).max(100),
    }),
    interactivity: z.strictObject({ is_enabled: z.literal(true), request_url: z.url().optional() }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.literal(false),
  }),
});

const manifest = manifestSchema.parse(parse(source));
const scopes = manifest.oauth_config.scopes.bot;

/** Bot scopes of Web API methods, from Slack's method pages. Of several, any one that the conversation calls for. */
const HISTORY = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];
const METHODS: Readonly<Record<string, readonly string[]>> = {
  'auth.test': [],
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'chat.delete': ['chat:write'],
  'chat.startStream': ['chat:write'],
  'chat.appendStream': ['chat:write'],
  'chat.stopStream': ['chat:write'],
  'conversations.replies': HISTORY,
  'conversations.history': HISTORY,
  'assistant.threads.setStatus': ['assistant:write'],
  'assistant.threads.setSuggestedPrompts': ['assistant:write'],
  'reactions.add': ['reactions:write'],
  'reactions.remove': ['reactions:write'],
};

/** Bot scopes of events, from Slack's event pages. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  app_mention: ['app_mentions:read'],
  app_home_opened: [],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  'message.mpim': ['mpim:history'],
};

const adapter = readdirSync(join(ROOT, 'adapters/slack'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'app-surface.ts')
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

/** Method names in quotes, and calls such as `client.auth.test()`. */
const called = new Set(
  adapter.flatMap((code) => [
    ...[
      ...code.matchAll(
        /'((?:api|apps|assistant|auth|bots|chat|conversations|files|reactions|team|users|views)\.[\w.]+)'/g,
      ),
    ].map((match) => match[1] ?? ''),
    ...[...code.matchAll(/client\.([a-z]\w*(?:\.[a-z]\w*)+)\(/g)].map((match) => match[1] ?? ''),
  ]),
);

/** The list from beginning to end, and both ways. */
function expectSame(left: Iterable<string>, right: Iterable<string>): void {
  expect([...left].sort()).toEqual([...right].sort());
}

describe('what the adapter says it uses', () => {
  it('is what its code calls', () => {
    expect(adapter.length).toBeGreaterThan(10);
    expectSame(called, Object.keys(METHOD_SCOPES));
  });

  it('has a known scope for every method and event', () => {
    for (const method of Object.keys(METHOD_SCOPES)) expect(METHODS, method).toHaveProperty([method]);
    for (const event of BOT_EVENTS) expect(EVENTS, event).toHaveProperty([event]);
  });
});

describe('manifest.yml', () => {
  it('subscribes to the events that are listened to, and to no others', () => {
    expectSame(manifest.settings.event_subscriptions.bot_events, BOT_EVENTS);
  });

  it('asks for the scopes that methods, events and the command need, and for no others', () => {
    const needed = new Set([
      'commands',
      ...Object.keys(METHOD_SCOPES).flatMap((method) => METHODS[method] ?? []),
      ...BOT_EVENTS.flatMap((event) => EVENTS[event] ?? []),
    ]);
    expectSame(scopes, needed);
    expectSame(scopes, BOT_SCOPES);
  });

  it('has the command and the shortcut that are handled', () => {
    expect(manifest.features.slash_commands).toEqual([
      {
        command: ASK_COMMAND.command,
        description: ASK_COMMAND.description,
        usage_hint: ASK_COMMAND.usageHint,
        should_escape: false,
      },
    ]);
    expect(manifest.features.shortcuts).toEqual([
      {
        name: ASK_SHORTCUT.name,
        type: 'message',
        callback_id: ASK_SHORTCUT.callbackId,
        description: ASK_SHORTCUT.description,
      },
    ]);
  });

  it('suggests the same questions as the conversation itself does', () => {
    expect(manifest.features.agent_view.suggested_prompts).toEqual(SUGGESTED_PROMPTS);
  });

  it('says what every scope and event is for', () => {
    for (const name of [...scopes, ...BOT_EVENTS]) {
      expect(source, name).toMatch(new RegExp(`- ${name.replace('.', '\\.')} # \\w+`));
    }
  });

  it('is for Socket Mode, and becomes one for HTTP as its comments say', () => {
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    const overHttp = manifestSchema.parse(
      parse(
        source
          .replace(/# (?=(?:request_)?url: )/g, '')
          .replace('socket_mode_enabled: true', 'socket_mode_enabled: false'),
      ),
    );
    const { event_subscriptions, interactivity, socket_mode_enabled } = overHttp.settings;
    const urls = [
      overHttp.features.slash_commands[0]?.url,
      event_subscriptions.request_url,
      interactivity.request_url,
    ];
    expect(socket_mode_enabled).toBe(false);
    for (const url of urls) expect(new URL(url ?? '').pathname).toBe(EVENTS_PATH);
  });
});
