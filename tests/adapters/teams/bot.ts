// A Teams platform behind a small HTTP server, its far side a stand-in: what the tests of this folder talk to.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import type { Timing } from '../../../adapters/teams/outbox.js';
import type { TeamsConfig } from '../../../adapters/teams/teams-config.js';
import { createTeamsPlatform } from '../../../adapters/teams/teams-platform.js';
import type { Inbox, Pace, Platform, PlatformTools } from '../../../src/conversation/platform.js';
import { RecordingInbox } from '../../contract/platform.contract.js';
import { RecordingRatings } from '../../support/recording-ratings.js';
import { TeamsStandIn } from '../../support/teams-stand-in.js';

export interface Bot {
  readonly platform: Platform;
  readonly standIn: TeamsStandIn;
  readonly inbox: RecordingInbox;
  readonly ratings: RecordingRatings;
  /** The messaging endpoint. */
  readonly url: string;
  /** Log lines, as written. */
  readonly lines: string[];
  /** Every wait the adapter asked for, in milliseconds; none is waited. */
  readonly waits: number[];
  /** The adapter's clock; it advances by 2 s with each look, so that no draft is held back, unless `step` is set. */
  readonly clock: { now: number; step: number };
  /** What the pace was asked for: conversation and least gap in milliseconds. */
  readonly gaps: [key: string, ms: number][];
  /** Resolves when the adapter has dealt with everything it sent. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** One at a time per key, without the gaps. `quiet` resolves when nothing is being sent. */
export function instantPace(): Pace & { quiet(): Promise<void>; gaps: [key: string, ms: number][] } {
  const gaps: [string, number][] = [];
  const tails = new Map<string, Promise<unknown>>();
  let running = 0;
  return {
    async quiet() {
      // A few turns of the event loop more, for what the adapter does with an answer.
      for (let still = 0; still < 5; still += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        if (running > 0) still = 0;
      }
    },
    gaps,
    run(key, minGapMs, task) {
      gaps.push([key, minGapMs]);
      running += 1;
      const result = (tails.get(key) ?? Promise.resolve()).then(task).finally(() => {
        running -= 1;
      });
      tails.set(
        key,
        result.catch(() => undefined),
      );
      return result;
    },
  };
}

/** A URL on loopback that nobody listens on. */
export async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export async function openBot(
  over: Partial<TeamsConfig> = {},
  inbox: Inbox = new RecordingInbox(),
  otherPace?: Pace,
): Promise<Bot> {
  const standIn = await TeamsStandIn.open();
  const lines: string[] = [];
  const waits: number[] = [];
  // botbuilder's token cache looks at the real clock, so the handed-in one starts there.
  const clock = { now: Date.now(), step: 2000 };
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const pace = instantPace();
  const tools: PlatformTools = {
    log,
    now: () => {
      clock.now += clock.step;
      return clock.now;
    },
    fetch: globalThis.fetch,
    pace: otherPace ?? pace,
  };
  const timing: Timing = {
    sleep: async (ms) => void waits.push(ms),
    random: () => 0.5,
    sendTimeoutMs: 150,
  };
  const platform = createTeamsPlatform({ ...standIn.config, ...over }, tools, timing);
  standIn.anonymous = over.allowAnonymous ?? false;
  const ratings = new RecordingRatings();
  await platform.start(inbox, ratings);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bot');
    const route = platform.routes.find((each) => each.method === request.method && each.path === pathname);
    const headers = request.headers as Record<string, string | undefined>;
    const answer = (await route?.handle({
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      headers,
      body: Buffer.concat(chunks),
    })) ?? { status: 404 };
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    platform,
    standIn,
    inbox: inbox as RecordingInbox,
    ratings,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`,
    lines,
    waits,
    clock,
    gaps: pace.gaps,
    quiet: pace.quiet,
    async close() {
      await platform.stop(AbortSignal.timeout(2000));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await standIn.close();
    },
  };
}
