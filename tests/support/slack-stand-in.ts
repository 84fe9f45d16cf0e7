// Slack on the loopback, people included: they write, mention, use the command and press buttons, and Slack delivers it.
import { createHmac } from 'node:crypto';
import {
  BOT_USER,
  type Ephemeral,
  type JsonObject,
  type Message,
  SlackWebApi,
  TEAM,
} from './slack-web-api.js';

export {
  APP_TOKEN,
  BOT_TOKEN,
  BOT_USER,
  type Ephemeral,
  type JsonObject,
  TEAM,
  visible,
} from './slack-web-api.js';

export const SIGNING_SECRET = 'stand-in-signing-secret';

/** What Slack was told about a delivery: an HTTP status (0 for no answer), or whether the envelope was acknowledged. */
export interface Told {
  readonly taken: boolean;
  readonly status: number;
  readonly body: string;
}

/** Something a person did, delivered; `again` delivers it once more, as a retry. */
export interface Said {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string;
  readonly told: Told;
  again(retry?: number): Promise<Told>;
}

/** Something a person said that Slack has not delivered yet. */
export interface Unheard {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string;
  deliver(type: 'app_mention' | 'message', retry?: number): Promise<Told>;
}

export interface Where {
  readonly channel?: string;
  readonly user?: string;
  readonly thread?: string;
  /** Laid over the event, to make it special. */
  readonly over?: JsonObject;
}

/** Starts the stand-in on a free port. */
export async function startSlack(): Promise<SlackStandIn> {
  const slack = new SlackStandIn();
  await slack.listen();
  return slack;
}

export class SlackStandIn extends SlackWebApi {
  #events: { url: string; secret: string } | undefined;
  /** Envelopes that are not acknowledged within this time count as not taken. */
  ackMs = 500;

  /** From now on events go to this address over HTTP; before, they go through Socket Mode. */
  sendEventsTo(url: string, secret = SIGNING_SECRET): void {
    this.#events = { url, secret };
  }

  /** Mentions the bot in a channel; delivered as `app_mention`. */
  async mention(text: string, where: Where = {}): Promise<Said> {
    return this.#say('app_mention', `<@${BOT_USER}> ${text}`, where);
  }

  /** Writes in a channel; delivered as `message`. Put `<@UBOT>` into the text to mention the bot. */
  async write(text: string, where: Where = {}): Promise<Said> {
    const over = { channel_type: 'channel', ...where.over };
    return this.#say('message', text, { ...where, over });
  }

  /** Writes to the bot one to one. */
  async dm(text: string, where: Where = {}): Promise<Said> {
    return this.#say('message', text, {
      channel: 'D1',
      ...where,
      over: { channel_type: 'im', ...where.over },
    });
  }

  /** One mention, delivered twice as Slack does: as `message` and as `app_mention`, at the same time. */
  async twins(text: string, where: Where = {}): Promise<[Said, Said]> {
    const full = `<@${BOT_USER}> ${text}`;
    const first = this.#person(full, where);
    const over = { channel_type: 'channel', client_msg_id: 'one', ...where.over };
    return Promise.all([
      this.#deliverSaid('message', first, full, { ...where, over }),
      this.#deliverSaid('app_mention', first, full, {
        ...where,
        over: { client_msg_id: 'one', ...where.over },
      }),
    ]);
  }

  /** Mentions the bot in a channel; when, how often and as which of its events Slack delivers it is up to the caller. */
  unheard(text: string, where: Where = {}): Unheard {
    const full = `<@${BOT_USER}> ${text}`;
    const message = this.#person(full, where);
    const { channel, ts, thread = ts } = message;
    const over = { channel_type: 'channel', ...where.over };
    const deliver: Unheard['deliver'] = (type, retry = 0) =>
      this.event(eventOf(type, message, full, { ...where, over }), {}, retry);
    return { channel, ts, thread, deliver };
  }

  async slash(
    text: string,
    where: Where = {},
  ): Promise<Told & { responseUrl: string; again(): Promise<Told> }> {
    const { channel = 'C1', user = 'U1' } = where;
    const responseUrl = this.responseUrl(channel, user);
    const fields = {
      command: '/ask',
      text,
      team_id: TEAM,
      team_domain: 'acme',
      channel_id: channel,
      channel_name: channel.startsWith('D') ? 'directmessage' : 'general',
      user_id: user,
      user_name: 'someone',
      response_url: responseUrl,
      trigger_id: this.id('trigger'),
      api_app_id: 'A1',
      is_enterprise_install: 'false',
      ...where.over,
    };
    const send = () => this.deliver('slash_commands', fields);
    const told = await send();
    this.showResponse(responseUrl, told.body);
    return { ...told, responseUrl, again: send };
  }

  /** Presses the first button of an ephemeral message. */
  async press(message: Ephemeral, where: Where = {}): Promise<Told> {
    const { channel = message.channel, user = message.user } = where;
    const blocks = message.blocks as { type: string; elements?: { action_id?: string; value?: string }[] }[];
    const button = blocks.find((block) => block.type === 'actions')?.elements?.[0];
    return this.deliver('interactive', {
      type: 'block_actions',
      team: { id: TEAM, domain: 'acme' },
      user: { id: user, team_id: TEAM },
      channel: { id: channel, name: 'general' },
      container: { type: 'message', is_ephemeral: true },
      response_url: this.responseUrl(channel, user, message),
      trigger_id: this.id('trigger'),
      actions: [{ type: 'button', block_id: 'b', action_ts: '1.1', ...button }],
      ...where.over,
    });
  }

  /** Presses a thumb below a message of a channel. */
  async thumb(message: Message, thumb: 'positive' | 'negative', where: Where = {}): Promise<Told> {
    const { channel = message.channel, user = 'U1' } = where;
    const blocks = message.blocks as { type: string; elements?: Record<string, unknown>[] }[];
    const thumbs = blocks.find((block) => block.type === 'context_actions')?.elements?.[0];
    const button = thumbs?.[`${thumb}_button`] as { value?: string } | undefined;
    return this.deliver('interactive', {
      type: 'block_actions',
      team: { id: TEAM, domain: 'acme' },
      user: { id: user, team_id: TEAM },
      channel: { id: channel, name: 'general' },
      container: { type: 'message', is_ephemeral: false },
      response_url: this.responseUrl(channel, user),
      trigger_id: this.id('trigger'),
      actions: [
        {
          type: 'feedback_buttons',
          action_id: thumbs?.action_id,
          block_id: 'b',
          action_ts: '1.1',
          value: button?.value,
        },
      ],
      ...where.over,
    });
  }

  /** Uses the message shortcut on a message. */
  async shortcut(ts: string, text: string, where: Where = {}): Promise<Told & { again(): Promise<Told> }> {
    const { channel = 'C1', user = 'U2', thread } = where;
    const payload = {
      type: 'message_action',
      callback_id: 'ask_about_message',
      team: { id: TEAM, domain: 'acme' },
      user: { id: user, team_id: TEAM },
      channel: { id: channel, name: 'general' },
      message: {
        type: 'message',
        user: 'U1',
        ts,
        text,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      },
      response_url: this.responseUrl(channel, user),
      trigger_id: this.id('trigger'),
      ...where.over,
    };
    const again = () => this.deliver('interactive', payload);
    return { ...(await again()), again };
  }

  /** A person opens the conversation with the bot. */
  async openHome(channel = 'D1'): Promise<Told> {
    return this.event({
      type: 'app_home_opened',
      user: 'U1',
      channel,
      tab: 'messages',
      event_ts: this.ts(),
    });
  }

  /** Delivers any event in its envelope. */
  async event(event: JsonObject, over: JsonObject = {}, retry = 0): Promise<Told> {
    const body = {
      token: 'old-verification-token',
      team_id: TEAM,
      api_app_id: 'A1',
      event,
      type: 'event_callback',
      event_id: this.id('Ev'),
      event_time: this.clock,
      authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: BOT_USER, is_bot: true }],
      ...over,
    };
    return this.deliver('events_api', body, retry);
  }

  /** Delivers a payload: signed over HTTP, or in an envelope through Socket Mode. */
  async deliver(
    kind: 'events_api' | 'slash_commands' | 'interactive',
    payload: JsonObject,
    retry = 0,
  ): Promise<Told> {
    if (this.#events === undefined) return this.#deliverBySocket(kind, payload, retry);
    const { url, secret } = this.#events;
    const form =
      kind === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
    const body = kind === 'events_api' ? JSON.stringify(payload) : String(new URLSearchParams(form));
    const type = kind === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded';
    const retried =
      retry === 0 ? {} : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' };
    const headers = { 'content-type': type, ...signed(body, secret, Date.now()), ...retried };
    try {
      const response = await fetch(url, { method: 'POST', headers, body });
      return { taken: response.ok, status: response.status, body: await response.text() };
    } catch {
      return { taken: false, status: 0, body: '' }; // Nobody listens there, or the connection broke.
    }
  }

  async #deliverBySocket(type: string, payload: JsonObject, retry: number): Promise<Told> {
    const live = [...this.live].at(-1);
    if (live === undefined) return { taken: false, status: 0, body: '' };
    const envelope_id = this.id('envelope');
    const acknowledged = new Promise<unknown>((resolve) => this.acks.set(envelope_id, resolve));
    live.send(
      JSON.stringify({
        type,
        envelope_id,
        payload,
        accepts_response_payload: type !== 'events_api',
        retry_attempt: retry,
        retry_reason: retry === 0 ? '' : 'timeout',
      }),
    );
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), this.ackMs));
    const answer = await Promise.race([acknowledged, late]);
    if (answer === 'late') return { taken: false, status: 0, body: '' };
    return { taken: true, status: 200, body: JSON.stringify(answer) };
  }

  async #say(type: string, text: string, where: Where): Promise<Said> {
    return this.#deliverSaid(type, this.#person(text, where), text, where);
  }

  #person(text: string, { channel = 'C1', user = 'U1', thread }: Where): Message {
    const message = { ts: this.ts(), channel, thread, user, text };
    const full: Message = { ...message, blocks: undefined, metadata: undefined, streaming: false };
    this.messages.push(full);
    return full;
  }

  async #deliverSaid(type: string, message: Message, text: string, where: Where): Promise<Said> {
    const { ts, channel, thread } = message;
    const event = eventOf(type, message, text, where);
    const again = (retry = 1) => this.event(event, {}, retry);
    return { channel, ts, thread: thread ?? ts, told: await this.event(event), again };
  }
}

function eventOf(
  type: string,
  { ts, channel, user, thread }: Message,
  text: string,
  where: Where,
): JsonObject {
  const at = { ts, channel, event_ts: ts, ...(thread === undefined ? {} : { thread_ts: thread }) };
  return { type, user, text, team: TEAM, ...at, ...where.over };
}

/** The two headers Slack puts on a request. `atMs` in milliseconds since the epoch. */
export function signed(body: string | Buffer, secret: string, atMs: number): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
}
