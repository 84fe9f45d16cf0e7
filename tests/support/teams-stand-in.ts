// A Bot Connector, a Microsoft login and the keys of both on loopback: the far side of the Teams adapter.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage as HttpIncoming, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Activity } from 'botbuilder';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { TeamsConfig } from '../../adapters/teams/teams-config.js';

/** One request as it reached the connector. */
export interface WireRequest {
  readonly method: string;
  readonly conversationId: string;
  /** The activity replied to (POST) or changed (PUT, DELETE). */
  readonly activityId: string | undefined;
  /** The bytes of the body, as text. */
  readonly raw: string;
  readonly activity: Partial<Activity>;
  readonly authorization: string;
}

/** A message as a reader of the conversation sees it now. */
export interface VisibleMessage {
  readonly id: string;
  readonly text: string;
  /** `informative` and `streaming` are unfinished streams. */
  readonly state: 'informative' | 'streaming' | 'final';
}

/**
 * What to do with a request instead of serving it. `reset`: the connection breaks before anything happened. `lost`: it is
 * carried out, and then the connection breaks. `hang`: no answer ever.
 */
export type Failure =
  | 'reset'
  | 'lost'
  | 'hang'
  | { readonly status: number; readonly code?: string; readonly retryAfter?: string };

export interface FailureRule {
  readonly failure: Failure;
  /** How many requests it meets; 1 unless told. */
  readonly times?: number;
  /** Which ones; all unless told. */
  readonly when?: (request: WireRequest) => boolean;
}

/** A message with what its readers do not see. */
interface Kept extends VisibleMessage {
  /** Of the newest piece of a stream, from 1; 0 where nothing was streamed. */
  readonly sequence: number;
  /** The activity that it replies to; empty for none. */
  readonly replyTo: string;
}

/** An activity of any shape: the point of many tests is a wrong one. */
export type RawActivity = Readonly<Record<string, unknown>>;

/** An activity as Teams sends it, unless a test changed it. */
export type PersonsActivity = RawActivity & {
  readonly id: string;
  readonly conversation: { readonly id: string };
};

/** A source in the label of an answer. */
export interface Claim {
  readonly position: number;
  readonly appearance?: {
    readonly name?: string;
    readonly abstract?: string;
    readonly keywords?: readonly string[];
    readonly url?: string;
  };
}

/** A part of what the bot sends: the label of an answer, or the place in a stream. */
export interface BotEntity {
  readonly type: string;
  readonly additionalType?: readonly string[];
  readonly citation?: readonly Claim[];
  readonly streamType?: VisibleMessage['state'];
  readonly streamId?: string;
  readonly streamSequence?: number;
}

/** What the bot sends, as far as the stand-in reads it. */
export interface BotActivity {
  readonly type?: string;
  readonly text?: string;
  readonly replyToId?: string;
  readonly entities?: readonly BotEntity[];
}

const BOT = '28:bot-under-test';
const TENANT = 'tenant-home';
const CHANNEL = '19:channel@thread.tacv2';

/** One pair for all stand-ins of a process: making it takes longer than most tests. */
let keys: ReturnType<typeof generateKeyPair> | undefined;

export class TeamsStandIn {
  readonly bot = BOT;
  readonly tenant = TENANT;
  readonly appId = randomUUID();
  readonly appPassword = 'stand-in-password';
  /** Requests to the connector, in order. */
  readonly sent: WireRequest[] = [];
  /** Set to make the login refuse the bot. */
  refuseLogin = false;
  /** Set to take requests without a token, as the Agents Playground does. */
  anonymous = false;
  /** How often the login was asked. */
  logins = 0;
  readonly #conversations = new Map<string, Map<string, Kept>>();
  readonly #rules: { failure: Failure; times: number; when: (request: WireRequest) => boolean }[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #tokens = new Set<string>();
  readonly #keys: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly #kid = randomUUID();
  #ids = 0;
  #clock = 1_700_000_000_000;

  private constructor(keys: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.#keys = keys;
  }

  static async open(): Promise<TeamsStandIn> {
    keys ??= generateKeyPair('RS256', { extractable: true });
    const standIn = new TeamsStandIn(await keys);
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What activities name as the way back. */
  get serviceUrl(): string {
    return `${this.url}/connector/`;
  }

  /** Settings that point a Teams platform here. */
  get config(): TeamsConfig {
    return {
      appId: this.appId,
      appPassword: this.appPassword,
      appType: 'MultiTenant',
      allowAnonymous: false,
      toChannelFromBotLoginUrl: `${this.url}/login`,
      toBotFromChannelOpenIdMetadataUrl: `${this.url}/openid`,
    };
  }

  fail(rule: FailureRule): void {
    this.#rules.push({ times: 1, when: () => true, ...rule });
  }

  /** Serve everything again. */
  heal(): void {
    this.#rules.length = 0;
  }

  /** What a reader of the conversation sees of the bot, oldest first. */
  visible(conversationId: string): VisibleMessage[] {
    return [...(this.#conversations.get(conversationId)?.values() ?? [])].map(({ id, text, state }) => ({
      id,
      text,
      state,
    }));
  }

  /** What is seen in all conversations together, each with the activity that it replies to. */
  replies(): (Kept & { readonly conversationId: string })[] {
    return [...this.#conversations].flatMap(([conversationId, messages]) =>
      [...messages.values()].map((message) => ({ ...message, conversationId })),
    );
  }

  /** What is seen in all conversations together. */
  allVisible(): VisibleMessage[] {
    return [...this.#conversations.keys()].flatMap((id) => this.visible(id));
  }

  /** Resolves when `ready` is true; fails after two seconds. */
  async until(ready: () => boolean): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (ready()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('what the test waits for did not happen');
  }

  // ---- people -----------------------------------------------------------------------------------------------------

  #activity(over: RawActivity): PersonsActivity {
    this.#clock += 1000;
    return {
      type: 'message',
      id: String(this.#clock),
      timestamp: new Date(this.#clock).toISOString(),
      channelId: 'msteams',
      serviceUrl: this.serviceUrl,
      from: { id: '29:ada', name: 'Ada', aadObjectId: 'ada-object-id' },
      recipient: { id: BOT, name: 'Chipwright' },
      locale: 'en-US',
      textFormat: 'plain',
      channelData: { tenant: { id: TENANT } },
      ...over,
    } as unknown as PersonsActivity;
  }

  #mention() {
    return { type: 'mention', mentioned: { id: BOT, name: 'Chipwright' }, text: '<at>Chipwright</at>' };
  }

  personalMessage(text: string, over: RawActivity = {}): PersonsActivity {
    const conversation = { id: 'a:personal-ada', conversationType: 'personal', tenantId: TENANT };
    return this.#activity({ text, conversation, ...over });
  }

  /** Starts a thread in a channel: its conversation id names the message itself as the root. */
  channelMention(text: string, over: RawActivity = {}): PersonsActivity {
    const activity = this.#activity({});
    return {
      ...activity,
      text: `<at>Chipwright</at> ${text}`,
      entities: [this.#mention()],
      conversation: {
        id: `${CHANNEL};messageid=${activity.id}`,
        conversationType: 'channel',
        isGroup: true,
        tenantId: TENANT,
      },
      channelData: { tenant: { id: TENANT }, channel: { id: CHANNEL }, team: { id: CHANNEL } },
      ...over,
    } as PersonsActivity;
  }

  /** Mentions the bot again in the thread of an earlier channel message. */
  followUp(root: PersonsActivity, text: string, over: RawActivity = {}): PersonsActivity {
    return this.channelMention(text, { conversation: root.conversation, ...over });
  }

  groupMention(text: string, over: RawActivity = {}): PersonsActivity {
    return this.#activity({
      text: `<at>Chipwright</at> ${text}`,
      entities: [this.#mention()],
      conversation: {
        id: '19:group@thread.v2',
        conversationType: 'groupChat',
        isGroup: true,
        tenantId: TENANT,
      },
      ...over,
    });
  }

  /** The two events Teams sends when the bot is added to a personal chat. */
  installation(over: RawActivity = {}): [PersonsActivity, PersonsActivity] {
    const conversation = { id: 'a:personal-ada', conversationType: 'personal', tenantId: TENANT };
    return [
      this.#activity({ type: 'installationUpdate', action: 'add', conversation, ...over }),
      this.#activity({ type: 'conversationUpdate', membersAdded: [{ id: BOT }], conversation, ...over }),
    ];
  }

  /** A token as Microsoft signs it for `activity`, changed by `claims` (undefined takes a claim away). */
  async token(activity: RawActivity, claims: JWTPayload = {}, header: { kid?: string; alg?: string } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: 'https://api.botframework.com',
      aud: this.appId,
      serviceurl: activity.serviceUrl as string,
      nbf: now - 60,
      exp: now + 3600,
      ...claims,
    };
    return await new SignJWT(payload)
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: this.#kid, ...header })
      .sign(this.#keys.privateKey);
  }

  /** The public key as PEM-less JWK, for forgeries that use it as a secret. */
  async publicKey() {
    return await exportJWK(this.#keys.publicKey);
  }

  /** Delivers to a bot as Teams does. `authorization` replaces the valid header; null leaves it out. */
  async deliver(
    messagingEndpoint: string,
    activity: RawActivity,
    authorization?: string | null,
  ): Promise<{ status: number; body: string }> {
    const header = authorization === undefined ? `Bearer ${await this.token(activity)}` : authorization;
    const response = await fetch(messagingEndpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(header === null ? {} : { authorization: header }),
      },
      body: JSON.stringify(activity),
    });
    return { status: response.status, body: await response.text() };
  }

  // ---- the server -------------------------------------------------------------------------------------------------

  async #serve(request: HttpIncoming, response: ServerResponse): Promise<void> {
    let raw = '';
    try {
      for await (const chunk of request.setEncoding('utf8')) raw += chunk;
    } catch {
      return; // the bot hung up
    }
    const path = new URL(request.url ?? '/', this.url).pathname;
    if (path === '/login/oauth2/v2.0/token') return this.#login(new URLSearchParams(raw), response);
    if (path === '/openid') {
      return json(response, 200, { issuer: 'https://api.botframework.com', jwks_uri: `${this.url}/keys` });
    }
    if (path === '/keys') {
      const key = { ...(await this.publicKey()), kid: this.#kid, use: 'sig', endorsements: ['msteams'] };
      return json(response, 200, { keys: [key] });
    }
    const match = /^\/connector\/v3\/conversations\/([^/]+)\/activities(?:\/([^/]+))?$/.exec(path);
    if (match === null) return json(response, 404, { error: { code: 'NotFound' } });
    const wire: WireRequest = {
      method: request.method ?? '',
      conversationId: decodeURIComponent(match[1] ?? ''),
      activityId: match[2] === undefined ? undefined : decodeURIComponent(match[2]),
      raw,
      activity: raw === '' ? undefined : JSON.parse(raw),
      authorization: request.headers.authorization ?? '',
    };
    this.sent.push(wire);
    this.#answer(wire, request, response);
  }

  #login(form: URLSearchParams, response: ServerResponse): void {
    this.logins += 1;
    const known = form.get('client_id') === this.appId && form.get('client_secret') === this.appPassword;
    if (this.refuseLogin || !known || form.get('grant_type') !== 'client_credentials') {
      json(response, 401, {
        error: 'invalid_client',
        error_description: 'AADSTS7000215: secret details',
      });
      return;
    }
    const token = `bot-token-${randomUUID()}`;
    this.#tokens.add(token);
    json(response, 200, { token_type: 'Bearer', expires_in: 3600, access_token: token });
  }

  #answer(wire: WireRequest, request: HttpIncoming, response: ServerResponse): void {
    const rule = this.#rules.find(({ times, when }) => times > 0 && when(wire));
    if (rule !== undefined) {
      rule.times -= 1;
      const { failure } = rule;
      if (failure === 'hang') return;
      if (failure === 'lost') this.#apply(wire);
      if (failure === 'lost' || failure === 'reset') return void request.socket.destroy();
      if (failure.retryAfter !== undefined) response.setHeader('retry-after', failure.retryAfter);
      json(response, failure.status, {
        error: { code: failure.code ?? 'Failed', message: 'internal words' },
      });
      return;
    }
    if (!this.anonymous && !this.#tokens.has(wire.authorization.replace(/^Bearer /, ''))) {
      json(response, 401, { error: { code: 'Unauthorized' } });
      return;
    }
    const { status, body } = this.#apply(wire);
    json(response, status, body);
  }

  #apply(wire: WireRequest): { status: number; body: unknown } {
    const { method, conversationId, activityId, activity, raw } = wire;
    const messages: Map<string, Kept> = this.#conversations.get(conversationId) ?? new Map();
    this.#conversations.set(conversationId, messages);
    const refuse = (status: number, code: string) => ({ status, body: { error: { code } } });
    if (method === 'DELETE') return refuse(405, 'MethodNotAllowed');
    const fault = complaint(activity, raw);
    if (fault !== undefined) return refuse(fault === 'MessageSizeTooBig' ? 413 : 400, fault);
    if (method === 'PUT') {
      const old = messages.get(activityId ?? '');
      if (old === undefined) return refuse(404, 'ActivityNotFoundInConversation');
      messages.set(old.id, { ...old, text: activity.text ?? '', state: 'final' });
      return { status: 200, body: { id: old.id } };
    }
    const stream = (activity.entities ?? []).find((entity) => entity.type === 'streaminfo');
    if (stream === undefined) {
      const id = this.#nextId();
      if (activity.type === 'message')
        messages.set(id, { ...newMessage(id, activity), state: 'final', sequence: 0 });
      return { status: 201, body: { id } };
    }
    return this.#stream(messages, conversationId, activity, stream);
  }

  #stream(
    messages: Map<string, Kept>,
    conversationId: string,
    activity: BotActivity,
    stream: BotEntity,
  ): { status: number; body: unknown } {
    const refuse = (status: number, code: string) => ({ status, body: { error: { code } } });
    if (conversationId.startsWith('19:')) return refuse(405, 'MethodNotAllowed');
    const { streamId, streamType = 'streaming', streamSequence = 0 } = stream;
    const { text = '' } = activity;
    if (streamId === undefined) {
      if (streamSequence !== 1) return refuse(400, 'BadStreamSequence');
      const id = this.#nextId();
      messages.set(id, { ...newMessage(id, activity), state: streamType, sequence: 1 });
      return { status: 201, body: { id } };
    }
    const open = messages.get(streamId);
    if (open === undefined) return refuse(404, 'StreamNotFound');
    if (open.state === 'final') return refuse(403, 'ContentStreamNotAllowed');
    const final = streamType === 'final';
    if (final !== (activity.type === 'message')) return refuse(400, 'BadStreamActivity');
    if (!final && !(streamSequence > open.sequence)) return refuse(400, 'BadStreamSequence');
    if (!final && open.state === 'streaming' && !text.startsWith(open.text)) {
      return refuse(400, 'BadStreamText');
    }
    messages.set(open.id, {
      ...open,
      text,
      state: streamType,
      sequence: streamSequence,
    });
    return { status: 202, body: {} };
  }

  #nextId(): string {
    this.#ids += 1;
    return `bot-message-${this.#ids}`;
  }
}

function newMessage(id: string, { text = '', replyToId = '' }: BotActivity) {
  return { id, text, replyTo: replyToId };
}

/** Why Teams would refuse the activity, as its documents say. */
function complaint(activity: BotActivity, raw: string): string | undefined {
  if (raw.length * 2 > 100_000) return 'MessageSizeTooBig';
  const labels = (activity.entities ?? []).filter((entity) => entity.type === 'https://schema.org/Message');
  if (labels.length > 1) return 'TwoRootMessages';
  const citations = labels[0]?.citation ?? [];
  if (citations.length > 20) return 'TooManyCitations';
  for (const { position, appearance } of citations) {
    const { name = '', abstract = '', keywords = [], url } = appearance ?? {};
    if (name === '' || name.length > 80 || abstract === '' || abstract.length > 160) return 'BadCitation';
    if (keywords.length > 3 || keywords.some((word) => word.length > 28)) return 'BadKeywords';
    if (url !== undefined && !url.startsWith('https://')) return 'BadCitationUrl';
    if (!String(activity.text).includes(`[${position}]`)) return 'UnmarkedCitation';
  }
  return undefined;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
