// The draft of one answer as people see it grow: Slack's own streaming where there is one, else a post that is edited.
import type { SafeMarkdown } from '../../src/safety/sanitise.js';
import type { Abilities } from './abilities.js';
import type { ThreadAddress } from './address.js';
import { NOT_OFFERED, slackCode, untilLater } from './delivery-error.js';
import { draftPart, MESSAGE_CHARS, type MessagePart } from './render/message.js';
import { unpingedDraft } from './render/unpinged.js';
import { editsIn, postsTo, type Sender } from './sender.js';
import type { ThreadPosts } from './thread-posts.js';

const NOTHING = '' as SafeMarkdown;

export class Draft {
  readonly #address: ThreadAddress;
  readonly #sender: Sender;
  readonly #posts: ThreadPosts;
  readonly #abilities: Abilities;
  readonly #shown: (ts: string) => Promise<void>;

  /** Waiting to be shown; what comes in while a call is out replaces it. */
  #latest = NOTHING;
  /** Went into the last call. */
  #taken = NOTHING;
  /** The text a stream holds so far, as sent. */
  #streamed = '';
  #way: 'none' | 'stream' | 'edit' = 'none';
  /** The message that shows the draft. */
  #ts: string | undefined;
  /** This draft is not streamed: Slack refused to begin. */
  #unstreamable = false;
  /** Slack ended the stream by itself, as it does some five minutes after the start. */
  #streamEnded = false;
  /** The first message was sent and no answer came back: there may be one. */
  #lost = false;
  /** A call failed, or `close` was called: nothing more is shown. */
  #resting = false;
  /** A finished answer does not wait until a draft would be allowed. */
  readonly #closing = new AbortController();
  /** The one loop that sends, while there is something to send. */
  #pump: Promise<void> | undefined;

  /** `shown` is told of the message as soon as Slack has named it. */
  constructor(
    address: ThreadAddress,
    sender: Sender,
    posts: ThreadPosts,
    abilities: Abilities,
    shown: (ts: string) => Promise<void>,
  ) {
    this.#address = address;
    this.#sender = sender;
    this.#posts = posts;
    this.#abilities = abilities;
    this.#shown = shown;
  }

  /** Whether a message is shown, or was at least sent. */
  get begun(): boolean {
    return this.#taken !== NOTHING;
  }

  /** Shows `draft` soon and returns at once: many short steps become few calls. */
  show(draft: SafeMarkdown): void {
    if (this.#resting || draft.trim() === '') return;
    this.#latest = draft;
    this.#pump ??= this.#run();
  }

  /**
   * Ends the draft. Resolves to the message that the answer replaces, if one was shown. Rejects when one may be shown and Slack
   * does not tell at the moment; call it again later.
   */
  async close(): Promise<string | undefined> {
    this.#resting = true;
    this.#closing.abort();
    await this.#pump;
    if (this.#lost) {
      this.#ts =
        (await this.#posts.find(0).catch(untilLater)) ?? (await this.#findStream().catch(untilLater));
      this.#lost = false;
    }
    if (this.#ts !== undefined && this.#way === 'stream' && !this.#streamEnded) {
      // What Slack does not take now, the edit that follows finds and does again.
      await this.#posts.endStream(this.#ts).catch(() => {});
    }
    return this.#ts;
  }

  async #run(): Promise<void> {
    while (!this.#resting && this.#latest !== NOTHING) {
      try {
        if (this.#way === 'stream') await this.#append();
        else if (this.#way === 'edit') await this.#edit();
        else if (this.#abilities.streaming && !this.#unstreamable) await this.#startStream();
        else await this.#post();
      } catch (error) {
        this.#giveWay(error);
      }
    }
    this.#pump = undefined;
  }

  /** The newest text, when the call's turn has come; nothing when the draft has ended meanwhile. */
  #take(): SafeMarkdown | undefined {
    if (this.#resting || this.#latest === NOTHING) return undefined;
    this.#taken = this.#latest;
    this.#latest = NOTHING;
    return this.#taken;
  }

  async #startStream(): Promise<void> {
    const { channel, thread, user, team } = this.#address;
    const started = await this.#sender.call<{ ts: string }>({
      method: 'chat.startStream',
      line: postsTo(channel),
      signal: this.#closing.signal,
      args: () => {
        const text = this.#take();
        if (text === undefined) return undefined;
        this.#streamed = unpingedDraft(text, MESSAGE_CHARS);
        const recipient = { recipient_user_id: user, recipient_team_id: team };
        return { channel, thread_ts: thread, markdown_text: this.#streamed, ...recipient };
      },
      landed: async () => {
        const ts = await this.#posts.findUnfinishedStream(this.#closing.signal);
        return ts === undefined ? undefined : { ts };
      },
    });
    if (started === undefined) return;
    this.#way = 'stream';
    this.#ts = started.ts;
    await this.#shown(started.ts);
  }

  /** Sends what was added. A draft that did not only grow, or outgrew one message, stays as it is. */
  async #append(): Promise<void> {
    const { channel } = this.#address;
    await this.#sender.call({
      method: 'chat.appendStream',
      line: editsIn(channel),
      signal: this.#closing.signal,
      args: () => {
        const text = unpingedDraft(this.#take() ?? '', MESSAGE_CHARS);
        if (text.length <= this.#streamed.length || !text.startsWith(this.#streamed)) return undefined;
        const added = text.slice(this.#streamed.length);
        this.#streamed = text;
        return { channel, ts: this.#ts, markdown_text: added };
      },
    });
  }

  async #findStream(): Promise<string | undefined> {
    const ts = await this.#posts.findUnfinishedStream();
    if (ts !== undefined) this.#way = 'stream';
    return ts;
  }

  async #post(): Promise<void> {
    const ts = await this.#posts.post({ part: 0 }, () => this.#part(), this.#closing.signal);
    if (ts === undefined) return;
    this.#way = 'edit';
    this.#ts = ts;
    await this.#shown(ts);
  }

  async #edit(): Promise<void> {
    await this.#posts.edit(this.#ts as string, { part: 0 }, () => this.#part(), this.#closing.signal);
  }

  #part(): MessagePart | undefined {
    const text = this.#take();
    return text && draftPart(text);
  }

  /** A stream that is refused at its start gives way to post and edit; after any other failure the draft rests. */
  #giveWay(error: unknown): void {
    const code = slackCode(error);
    if (code !== undefined && this.#way === 'none' && !this.#unstreamable && this.#abilities.streaming) {
      this.#unstreamable = true;
      if (NOT_OFFERED.has(code)) this.#abilities.streaming = false;
      if (this.#latest === NOTHING) this.#latest = this.#taken;
      return;
    }
    if (code === 'message_not_in_streaming_state') this.#streamEnded = true;
    if (code === undefined && this.#way === 'none') this.#lost = true;
    this.#resting = true;
  }
}
