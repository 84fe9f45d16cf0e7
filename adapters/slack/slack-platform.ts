// Slack as a Platform: the parts of this folder put together.
import { App } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { IncomingMessage } from '../../src/conversation/message.js';
import type {
  HttpRoute,
  Inbox,
  Platform,
  PlatformHealth,
  PlatformTools,
  Ratings,
} from '../../src/conversation/platform.js';
import type { Reply, ReplyRecord } from '../../src/conversation/reply.js';
import { ChipwrightError } from '../../src/errors.js';
import { type Abilities, allAbilities } from './abilities.js';
import { decodeAddress } from './address.js';
import { AskerReply } from './asker-reply.js';
import { boltLogger } from './bolt-logger.js';
import { fromSlack, networkCode, slackCode, TOKEN_REFUSED } from './delivery-error.js';
import { HttpReceiver } from './http-receiver.js';
import type { Identity } from './incoming.js';
import { type Intake, listen } from './listeners.js';
import { ResponseUrls } from './response-url.js';
import { Sender } from './sender.js';
import { SharedAnswers } from './shared-answers.js';
import { SocketReceiver } from './socket-receiver.js';
import { ThreadReply } from './thread-reply.js';
import { UnfinishedWork } from './unfinished-work.js';
import { clientOptions, webClient } from './web-client.js';

/** Credentials and choices, already validated. With `appToken` Socket Mode is used, else HTTP with `signingSecret`. */
export interface SlackConfig {
  /** `xoxb-...` */
  readonly botToken: string;
  readonly signingSecret?: string;
  /** `xapp-...` with `connections:write` */
  readonly appToken?: string;
  /** Instead of https://slack.com/api/, for every call including Socket Mode's. */
  readonly apiUrl?: string;
  /** Whether people may go on without a mention in threads the bot answered in. */
  readonly followUps: boolean;
}

/** Threads remembered for follow-ups, since the start of the process. */
const THREADS = 5_000;

/** `check` asks Slack at most this often; probes come every few seconds. */
const CHECK_MS = 15_000;

const identitySchema = z.object({
  user_id: z.string(),
  bot_id: z.string().default(''),
  team_id: z.string(),
  team: z.string().default(''),
});

/** Slack, not yet started. Throws `config_invalid` when it is told no way to receive. */
export function createSlackPlatform(config: SlackConfig, tools: PlatformTools): Platform {
  return new SlackPlatform(config, tools);
}

class SlackPlatform implements Platform {
  readonly name = 'slack';
  readonly routes: readonly HttpRoute[];
  readonly #now: () => number;
  readonly #client: WebClient;
  readonly #sender: Sender;
  readonly #receiver: HttpReceiver | SocketReceiver;
  readonly #responseUrls: ResponseUrls;
  readonly #shared = new SharedAnswers();
  readonly #unfinished = new UnfinishedWork();
  readonly #abilities: Abilities = allAbilities();
  readonly #threads = new LRUCache<string, true>({ max: THREADS });
  #intake: Intake | undefined;
  #checked: { readonly at: number; readonly health: PlatformHealth } | undefined;

  constructor(config: SlackConfig, tools: PlatformTools) {
    const log = tools.log.child({ platform: 'slack' });
    const ownTools = { ...tools, log };
    this.#now = tools.now;
    this.#client = webClient(config.botToken, config.apiUrl, ownTools);
    this.#sender = new Sender(this.#client, tools);
    this.#responseUrls = new ResponseUrls(config.apiUrl, tools.fetch);
    if (config.appToken !== undefined) {
      this.#receiver = new SocketReceiver(config.appToken, clientOptions(config.apiUrl, ownTools), log);
      this.routes = [];
    } else if (config.signingSecret !== undefined && config.signingSecret !== '') {
      this.#receiver = new HttpReceiver(config.signingSecret, tools.now, log);
      this.routes = [this.#receiver.route];
    } else {
      throw new ChipwrightError('config_invalid', 'Slack has neither a signing secret nor an app token.', {
        cure: 'Set the signing secret (HTTP) or the app token (Socket Mode).',
      });
    }
    const app = new App({
      receiver: this.#receiver,
      authorize: async () => ({
        botToken: config.botToken,
        botId: this.#me().botId,
        botUserId: this.#me().userId,
      }),
      clientOptions: clientOptions(config.apiUrl, ownTools),
      logger: boltLogger(log),
      ignoreSelf: false, // Bolt lets other bots through, so all of them are dropped in one place: incoming.ts.
      convoStore: false,
    });
    listen(app, {
      intake: () => this.#ready(),
      followUps: {
        has: (channel, thread) => config.followUps && this.#threads.has(`${channel}:${thread}`),
      },
      sender: this.#sender,
      responseUrls: this.#responseUrls,
      shared: this.#shared,
      unfinished: this.#unfinished,
      now: tools.now,
      log,
    });
  }

  async start(inbox: Inbox, ratings: Ratings): Promise<void> {
    try {
      const me = await this.#identify();
      this.#intake = { me, inbox, ratings };
      await this.#receiver.start();
    } catch (error) {
      throw startError(error);
    }
  }

  async stop(signal: AbortSignal): Promise<void> {
    const halt = () => this.#sender.halt();
    signal.addEventListener('abort', halt, { once: true });
    if (signal.aborted) halt();
    await this.#receiver.stop();
    await this.#unfinished.idle(signal);
  }

  async check(): Promise<PlatformHealth> {
    const now = this.#now();
    if (this.#checked === undefined || now - this.#checked.at >= CHECK_MS || now < this.#checked.at) {
      this.#checked = { at: now, health: await this.#ask() };
    }
    if (this.#receiver instanceof SocketReceiver && !this.#receiver.connected) {
      return { ok: false, detail: 'The Socket Mode connection is down.' };
    }
    return this.#checked.health;
  }

  replyTo(message: IncomingMessage, record: ReplyRecord): Reply {
    const address = decodeAddress(message.address);
    if (address.to === 'asker') {
      return new AskerReply({
        address,
        record,
        responseUrls: this.#responseUrls,
        shared: this.#shared,
        sender: this.#sender,
        unfinished: this.#unfinished,
      });
    }
    return new ThreadReply({
      address,
      questionId: message.id,
      botId: this.#intake?.me.botId ?? '',
      sender: this.#sender,
      abilities: this.#abilities,
      unfinished: this.#unfinished,
      record,
      answered: () => this.#threads.set(`${address.channel}:${address.thread}`, true),
    });
  }

  async #ask(): Promise<PlatformHealth> {
    try {
      const { teamName } = await this.#identify();
      const how = this.#receiver instanceof SocketReceiver ? 'Socket Mode' : 'HTTP';
      return { ok: this.#intake !== undefined, detail: `Connected to ${teamName || 'Slack'} over ${how}.` };
    } catch (error) {
      return { ok: false, detail: startError(error).message };
    }
  }

  async #identify(): Promise<Identity> {
    const { user_id, bot_id, team_id, team } = identitySchema.parse(await this.#client.auth.test());
    return { userId: user_id, botId: bot_id, team: team_id, teamName: team };
  }

  #ready(): Intake {
    if (this.#intake !== undefined) return this.#intake;
    throw new ChipwrightError('draining', 'Slack is not started yet.', { cure: 'Slack delivers again.' });
  }

  #me(): Identity {
    return this.#ready().me;
  }
}

/** Why Slack could not be reached at start; a refused token is told apart from an unreachable Slack. */
function startError(thrown: unknown): ChipwrightError {
  if (TOKEN_REFUSED.has(slackCode(thrown) ?? '')) return fromSlack(thrown);
  const code = networkCode(thrown) ?? slackCode(thrown);
  return new ChipwrightError(
    'timeout',
    `Slack could not be reached${code === undefined ? '' : ` (${code})`}.`,
    {
      cure: 'Check the network and the API address, then start again. HTTPS_PROXY is not used: Slack must be reachable directly.',
      retryable: true,
      cause: thrown,
    },
  );
}
