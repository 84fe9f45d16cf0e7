// The far side of every Slack call, on the loopback: messages as a reader sees them, Slack's refusals, faults on demand.
import { createServer, type IncomingMessage as Request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { blockError, textOfBlocks } from './slack-blocks.js';

export type JsonObject = Record<string, unknown>;

export const BOT_TOKEN = 'xoxb-stand-in';
export const APP_TOKEN = 'xapp-stand-in';
export const BOT_USER = 'UBOT';
const BOT_ID = 'BBOT';
export const TEAM = 'T1';

/** What a call meets instead of an answer. `lost`: Slack did it, and the connection broke before the answer came. */
export type Fault =
  | { readonly status: 429; readonly retryAfter?: string }
  | { readonly status: 500 }
  | { readonly error: string }
  | 'hang'
  | 'reset'
  | 'lost';

export interface Call {
  readonly method: string;
  readonly args: JsonObject;
}

/** A message as it stands in a conversation now. */
export interface Message {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly user: string;
  text: string;
  blocks: unknown;
  metadata: unknown;
  streaming: boolean;
}

export interface Ephemeral {
  readonly channel: string;
  readonly user: string;
  text: string;
  blocks: unknown;
}

export class SlackWebApi {
  readonly calls: Call[] = [];
  readonly messages: Message[] = [];
  readonly ephemerals: Ephemeral[] = [];
  /** Status lines by thread, as set; empty when cleared. */
  readonly statuses: string[] = [];
  readonly reactions = new Set<string>();
  readonly #faults: { method: string; fault: Fault; channel: string | undefined; left: number }[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  protected readonly live = new Set<WebSocket>();
  protected readonly acks = new Map<string, (body: unknown) => void>();
  readonly #responseUses = new Map<
    string,
    { left: number; channel: string; user: string; shown: Ephemeral[] }
  >();
  /** What a call meets for which `fail` has nothing. */
  mood: (method: string) => Fault | undefined = () => undefined;
  protected clock = 1_700_000_000;
  #count = 0;
  constructor() {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (live) => {
        this.live.add(live);
        live.on('close', () => this.live.delete(live));
        live.on('message', (data) => {
          const { envelope_id, payload } = JSON.parse(String(data)) as {
            envelope_id: string;
            payload: unknown;
          };
          this.acks.get(envelope_id)?.(payload);
        });
        live.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    for (const live of this.live) live.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** For the configuration's `apiUrl`. */
  get apiUrl(): string {
    return `${this.#origin}/api/`;
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sockets that are connected now. */
  get sockets(): number {
    return this.live.size;
  }

  /** Slack recycles the connection, as it does now and then. */
  dropSockets(): void {
    for (const live of this.live) live.terminate();
  }

  /** The next `times` calls of the method (in that channel) meet the fault. `*` is any method. */
  fail(method: string, fault: Fault, times = 1, channel?: string): void {
    this.#faults.push({ method, fault, channel, left: times });
  }

  /** What a reader sees of the bot in a conversation, or in one thread of it. */
  seen(channel = 'C1', thread?: string): string[] {
    return this.messages
      .filter((message) => message.user === BOT_USER && message.channel === channel)
      .filter((message) => thread === undefined || message.thread === thread)
      .map(visible);
  }

  callsOf(method: string): JsonObject[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args);
  }

  async #serve(request: Request, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const path = new URL(request.url ?? '/', this.#origin).pathname;
    if (path.startsWith('/respond/')) return this.#respond(path, body, response);
    const method = path.replace('/api/', '');
    const args = argumentsOf(body);
    this.calls.push({ method, args });
    const fault = this.#faultFor(method, args);
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.destroy();
    if (typeof fault === 'object' && 'status' in fault) {
      const retryAfter =
        fault.status === 429 && fault.retryAfter !== undefined ? { 'retry-after': fault.retryAfter } : {};
      response.writeHead(fault.status, retryAfter).end('not now');
      return;
    }
    const result =
      typeof fault === 'object'
        ? { ok: false, error: fault.error }
        : this.#do(method, args, request.headers.authorization);
    if (fault === 'lost') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }

  #faultFor(method: string, args: JsonObject): Fault | undefined {
    const channel = args.channel ?? args.channel_id;
    const found = this.#faults.find(
      (one) =>
        one.left > 0 &&
        [method, '*'].includes(one.method) &&
        (one.channel === undefined || one.channel === channel),
    );
    if (found === undefined) return this.mood(method);
    found.left -= 1;
    return found.fault;
  }

  #do(method: string, args: JsonObject, authorization: string | undefined): JsonObject {
    const token = method === 'apps.connections.open' ? APP_TOKEN : BOT_TOKEN;
    if (authorization !== `Bearer ${token}`) return { ok: false, error: 'invalid_auth' };
    const run = this.#methods[method];
    if (run === undefined) return { ok: false, error: 'unknown_method' };
    const result = run(args);
    return typeof result === 'string' ? { ok: false, error: result } : { ok: true, ...result };
  }

  /** Each returns its result, or Slack's error. */
  readonly #methods: Record<string, (args: JsonObject) => JsonObject | string> = {
    'auth.test': () => ({
      user_id: BOT_USER,
      bot_id: BOT_ID,
      team_id: TEAM,
      team: 'Acme',
      user: 'chipwright',
    }),
    'apps.connections.open': () => ({ url: `${this.#origin.replace('http', 'ws')}/link` }),
    'chat.postMessage': (args) => {
      const wrong =
        contentError(args) ?? (args.text === undefined && args.blocks === undefined ? 'no_text' : undefined);
      if (wrong !== undefined) return wrong;
      // A reply to a thread that is gone lands in the channel, without an error.
      const thread = this.#exists(args.channel, args.thread_ts) ? String(args.thread_ts) : undefined;
      const channel = String(args.channel).replace(/^[UW]/, 'D');
      const message = this.#post({ channel, thread, text: String(args.text ?? ''), blocks: args.blocks });
      message.metadata = args.metadata;
      return { channel, ts: message.ts };
    },
    'chat.postEphemeral': (args) => {
      const wrong = contentError(args);
      if (wrong !== undefined) return wrong;
      const shown = { channel: String(args.channel), user: String(args.user), text: String(args.text ?? '') };
      this.ephemerals.push({ ...shown, blocks: args.blocks });
      return { message_ts: this.ts() };
    },
    'chat.update': (args) => {
      const message = this.#find(args);
      if (message === undefined) return 'message_not_found';
      if (message.user !== BOT_USER) return 'cant_update_message';
      if (message.streaming) return 'streaming_state_conflict';
      if (Buffer.byteLength(String(args.text ?? '')) > 4_000) return 'msg_too_long';
      const wrong = contentError(args);
      if (wrong !== undefined) return wrong;
      message.text = String(args.text ?? message.text);
      if (args.blocks !== undefined) message.blocks = args.blocks; // Without blocks the old ones stay.
      if (args.metadata !== undefined) message.metadata = args.metadata;
      return { ts: message.ts, channel: message.channel };
    },
    'chat.delete': (args) => {
      const message = this.#find(args);
      if (message === undefined) return 'message_not_found';
      this.messages.splice(this.messages.indexOf(message), 1);
      return { ts: message.ts };
    },
    'chat.startStream': (args) => {
      if (args.thread_ts === undefined) return 'invalid_arguments';
      const direct = String(args.channel).startsWith('D');
      if (!direct && args.recipient_team_id === undefined) return 'missing_recipient_team_id';
      if (!direct && args.recipient_user_id === undefined) return 'missing_recipient_user_id';
      const text = String(args.markdown_text ?? '');
      if (text.length > 12_000) return 'msg_too_long';
      const message = this.#post({ channel: String(args.channel), thread: String(args.thread_ts), text });
      message.streaming = true;
      return { channel: message.channel, ts: message.ts };
    },
    'chat.appendStream': (args) => {
      const message = this.#find(args);
      if (message === undefined) return 'message_not_found';
      if (!message.streaming) return 'message_not_in_streaming_state';
      if (String(args.markdown_text ?? '').length > 12_000) return 'msg_too_long';
      message.text += String(args.markdown_text ?? '');
      return { ts: message.ts };
    },
    'chat.stopStream': (args) => {
      const message = this.#find(args);
      if (message === undefined) return 'message_not_found';
      if (!message.streaming) return 'message_not_in_streaming_state';
      message.streaming = false;
      return { ts: message.ts };
    },
    'assistant.threads.setStatus': (args) => {
      this.statuses.push(String(args.status));
      return {};
    },
    'assistant.threads.setSuggestedPrompts': (args) =>
      Array.isArray(args.prompts) && args.prompts.length <= 4 ? {} : 'invalid_arguments',
    'reactions.add': (args) =>
      this.#react(args, (key) => (this.reactions.has(key) ? 'already_reacted' : add(this.reactions, key))),
    'reactions.remove': (args) =>
      this.#react(args, (key) => (this.reactions.delete(key) ? undefined : 'no_reaction')),
    'conversations.replies': (args) => {
      if (!this.#exists(args.channel, args.ts)) return 'thread_not_found';
      const inThread = (message: Message) => message.ts === args.ts || message.thread === args.ts;
      return { messages: this.#history(args, inThread), has_more: false };
    },
    'conversations.history': (args) => ({
      messages: this.#history(args, (message) => message.thread === undefined).reverse(),
      has_more: false,
    }),
    'users.info': (args) => ({ user: { id: args.user, is_restricted: false } }),
  };

  #history(args: JsonObject, which: (message: Message) => boolean): JsonObject[] {
    return this.messages
      .filter((message) => message.channel === args.channel && which(message))
      .map(({ ts, user, text, metadata }) => ({
        ts,
        user,
        text,
        ...(user === BOT_USER ? { bot_id: BOT_ID } : {}),
        ...(args.include_all_metadata === 'true' && metadata !== undefined ? { metadata } : {}),
      }));
  }

  #react(args: JsonObject, change: (key: string) => string | undefined): JsonObject | string {
    return change(`${args.name}:${args.channel}:${args.timestamp}`) ?? {};
  }

  #post(content: { channel: string; thread: string | undefined; text: string; blocks?: unknown }): Message {
    const { channel, thread, text, blocks } = content;
    const message = { ts: this.ts(), channel, thread, user: BOT_USER, text, blocks };
    const full: Message = { ...message, metadata: undefined, streaming: false };
    this.messages.push(full);
    return full;
  }

  #find(args: JsonObject): Message | undefined {
    return this.messages.find((message) => message.channel === args.channel && message.ts === args.ts);
  }

  #exists(channel: unknown, ts: unknown): boolean {
    return this.messages.some((message) => message.channel === channel && message.ts === ts);
  }

  /** The server ends every stream by itself, some five minutes after its start. */
  endStreams(): void {
    for (const message of this.messages) message.streaming = false;
  }

  #respond(path: string, body: string, response: ServerResponse): void {
    const url = `${this.#origin}${path}`;
    this.calls.push({ method: 'response_url', args: JSON.parse(body) as JsonObject });
    const fault = this.#faultFor('response_url', {});
    if (typeof fault === 'object' && 'status' in fault) return void response.writeHead(fault.status).end();
    const use = this.#responseUses.get(url);
    if (use === undefined || use.left === 0) return void response.writeHead(404).end('used_url');
    use.left -= 1;
    const wrong = blockError((JSON.parse(body) as JsonObject).blocks);
    if (wrong === 'invalid_blocks') return void response.writeHead(400).end(wrong);
    this.showResponse(url, body);
    response.writeHead(200).end('ok');
  }

  /** How many more times a response address works. */
  usesLeft(responseUrl: string): number {
    return this.#responseUses.get(responseUrl)?.left ?? 0;
  }

  expire(responseUrl: string): void {
    this.#responseUses.delete(responseUrl);
  }

  protected responseUrl(channel: string, user: string, replaces?: Ephemeral): string {
    const url = `${this.#origin}/respond/${this.id('r')}`;
    this.#responseUses.set(url, { left: 5, channel, user, shown: replaces === undefined ? [] : [replaces] });
    return url;
  }

  protected showResponse(url: string, body: string): void {
    const use = this.#responseUses.get(url);
    if (use === undefined || body === '' || body === '{}') return;
    const content = JSON.parse(body) as { text?: string; blocks?: unknown; replace_original?: boolean };
    const original = use.shown[0];
    if (content.replace_original === true && original !== undefined) {
      original.text = content.text ?? '';
      original.blocks = content.blocks;
      return;
    }
    this.ephemerals.push({
      channel: use.channel,
      user: use.user,
      text: content.text ?? '',
      blocks: content.blocks,
    });
  }

  protected ts(): string {
    this.clock += 1;
    return `${this.clock}.000100`;
  }

  protected id(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }
}

/** What a reader sees of one message: its blocks, or its text where it has none. */
export function visible(message: { text: string; blocks: unknown }): string {
  return message.blocks === undefined ? message.text : textOfBlocks(message.blocks);
}

function contentError(args: JsonObject): string | undefined {
  if (String(args.text ?? '').length > 40_000) return 'msg_too_long';
  return args.blocks === undefined ? undefined : blockError(args.blocks);
}

/** The Web API takes a form whose structured values are JSON. */
function argumentsOf(body: string): JsonObject {
  const structured = new Set(['blocks', 'metadata', 'prompts']);
  const entries = [...new URLSearchParams(body)].map(([name, value]) => [
    name,
    structured.has(name) ? (JSON.parse(value) as unknown) : value,
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

function add(set: Set<string>, key: string): undefined {
  set.add(key);
  return undefined;
}
