// A Slack platform joined to the stand-in, for the tests of this folder: over HTTP or Socket Mode, without waiting.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createSlackPlatform, type SlackConfig } from '../../../adapters/slack/slack-platform.js';
import type { IncomingMessage } from '../../../src/conversation/message.js';
import type { HttpRoute, Pace, Platform } from '../../../src/conversation/platform.js';
import { describeError } from '../../../src/operations/logging.js';
import { RecordingInbox } from '../../contract/platform.contract.js';
import { RecordingRatings } from '../../support/recording-ratings.js';
import {
  APP_TOKEN,
  BOT_TOKEN,
  SIGNING_SECRET,
  type SlackStandIn,
  startSlack,
} from '../../support/slack-stand-in.js';

/** One at a time per key, as promised, but without the gap; keeps the keys and gaps that were asked for. */
export class ImmediatePace implements Pace {
  readonly asked: { key: string; minGapMs: number }[] = [];
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, minGapMs: number, task: () => Promise<T>): Promise<T> {
    this.asked.push({ key, minGapMs });
    const turn = (this.#tails.get(key) ?? Promise.resolve()).then(task, task);
    this.#tails.set(key, turn);
    return turn;
  }
}

export interface ConnectedSlack {
  readonly slack: SlackStandIn;
  readonly platform: Platform;
  readonly inbox: RecordingInbox;
  readonly ratings: RecordingRatings;
  readonly pace: ImmediatePace;
  readonly log: string[];
  /** Where Slack posts to, when HTTP is used. */
  readonly url: string;
  /** The one question taken so far. */
  question(): IncomingMessage;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly by?: 'http' | 'socket';
  readonly config?: Partial<SlackConfig>;
  readonly inbox?: RecordingInbox;
  readonly now?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  readonly slack?: SlackStandIn;
}

export async function connectSlack(options: ConnectOptions = {}): Promise<ConnectedSlack> {
  const { by = 'http', inbox = new RecordingInbox(), now = Date.now, fetch = globalThis.fetch } = options;
  const slack = options.slack ?? (await startSlack());
  const pace = new ImmediatePace();
  const log: string[] = [];
  const credentials = by === 'http' ? { signingSecret: SIGNING_SECRET } : { appToken: APP_TOKEN };
  const platform = createSlackPlatform(
    { botToken: BOT_TOKEN, apiUrl: slack.apiUrl, followUps: false, ...credentials, ...options.config },
    {
      log: pino(
        { level: 'trace', serializers: { err: describeError } },
        { write: (line: string) => log.push(line) },
      ),
      now,
      fetch,
      pace,
    },
  );
  const server = serve(platform.routes);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  if (by === 'http') slack.sendEventsTo(url);
  const ratings = new RecordingRatings();
  await platform.start(inbox, ratings);
  let closed: Promise<void> | undefined;
  const close = async () => {
    await platform.stop(AbortSignal.timeout(3_000));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (options.slack === undefined) await slack.close();
  };
  return {
    slack,
    platform,
    inbox,
    ratings,
    pace,
    log,
    url,
    question: () => inbox.taken.at(-1) as IncomingMessage,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function serve(routes: readonly HttpRoute[]) {
  return createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const route = routes.find(({ method, path }) => method === request.method && path === pathname);
    const headers = request.headers as Record<string, string | undefined>;
    const body = Buffer.concat(chunks);
    const answer = await route?.handle({
      method: route.method,
      path: pathname,
      query: searchParams,
      headers,
      body,
    });
    response.writeHead(answer?.status ?? 404, answer?.headers).end(answer?.body);
  });
}
