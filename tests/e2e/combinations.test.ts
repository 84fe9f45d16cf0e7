// What the service needs is down and back in every combination: probes name what is down, each accepted question ends once, and nothing needs a restart.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HealthReport } from '../../src/operations/health.js';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE } from '../support/flow-documents.js';
import { startGate } from '../support/gate.js';
import { startOpenAiStandIn } from '../support/openai-stand-in.js';
import { hasPostgres, startPostgres } from '../support/postgres.js';
import { findQdrant } from '../support/qdrant-stand-in.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { type Served, serveChipwright } from '../support/serve-chipwright.js';
import { type Said, type SlackStandIn, startSlack } from '../support/slack-stand-in.js';
import { startSocketGate } from '../support/socket-gate.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const { setup } = ANSWERABLE;
const WRITTEN = 'Run `list_setup_paths -worst 10` to list the ten worst setup paths of the block [1]. ';
const NOT_WORKING = 'Search in the documents is not working at the moment.';
const QUOTES = 'these are quotes from the documents';

/** Names as in `/readyz`. */
type Part = 'index' | 'storage' | 'redis' | 'languageModel';

/** Each step changes one part, and all sixteen combinations come by; the model, which is looked at every half minute, changes least. */
const STEPS: readonly Part[] = [
  ...(['redis', 'storage', 'redis', 'index', 'redis', 'storage', 'redis'] as const),
  'languageModel',
  ...(['redis', 'storage', 'redis', 'index', 'redis', 'storage', 'redis'] as const),
  'languageModel',
];

const qdrant = hasPostgres && hasRedis ? await findQdrant() : undefined;

describe.skipIf(qdrant === undefined)('index, storage, Redis and language model', () => {
  const closing: (() => Promise<unknown>)[] = [() => qdrant?.stop() ?? Promise.resolve()];
  const set = new Map<Part, (up: boolean) => void>();
  let slack: SlackStandIn;
  let served: Served;
  beforeAll(async () => {
    const [postgres, redis, model] = await Promise.all([
      startPostgres(),
      startRedis(),
      startOpenAiStandIn({ as: 'answer', text: WRITTEN }),
    ]);
    slack = await startSlack();
    closing.push(
      postgres.close,
      redis.close,
      () => model.close(),
      () => slack.close(),
    );
    const index = await startGate(qdrant?.url ?? '');
    const writer = await startGate(model.baseURL.replace(/\/v1$/, ''));
    const storage = await startSocketGate(await postgres.freshDatabase());
    const pace = await startSocketGate(redis.url);
    for (const gate of [index, writer, storage, pace]) closing.push(() => gate.close());
    set.set('index', (up) => index.set(up ? 'open' : 'reset'));
    set.set('languageModel', (up) => writer.set(up ? 'open' : 'reset'));
    set.set('storage', (up) => storage.set(up));
    set.set('redis', (up) => pace.set(up));
    served = await serveChipwright({
      slack,
      env: {
        ...{ QDRANT_URL: index.url, DATABASE_URL: storage.url, REDIS_URL: pace.url },
        ...{ OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: `${writer.url}/v1` },
      },
    });
    closing.push(() => served.bench.close());
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  /** Waits until probes say so of a part. */
  async function becomes(part: Part, ok: boolean): Promise<void> {
    for (;;) {
      const response = await fetch(`${served.url}/readyz`).catch(() => {
        throw new Error(`the service is gone: ${served.service.stderr()}`);
      });
      const { dependencies } = (await response.json()) as HealthReport;
      if (dependencies[part]?.ok === ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('are down and back in every combination', async () => {
    const down = new Set<Part>();
    const accepted: Said[] = [];
    const refused: Said[] = [];
    const endOf = ({ channel, thread }: Said) =>
      eventually(
        () => slack.seen(channel, thread).find((text) => /Sources|reference|finds the cause/.test(text)),
        'an answer or a notice',
      );
    const ask = async () => {
      const question = await slack.mention(setup.question, {
        channel: `C${accepted.length}`,
        user: `U${accepted.length}`,
      });
      expect(question.told.taken).toBe(!down.has('storage'));
      (question.told.taken ? accepted : refused).push(question);
      return question.told.taken ? await endOf(question) : undefined;
    };
    const expected = () => {
      if (down.has('storage')) return undefined;
      if (down.has('index')) return expect.stringContaining(NOT_WORKING);
      return expect.stringContaining(down.has('languageModel') ? QUOTES : setup.says);
    };

    expect(await ask()).toContain(setup.says);
    const met = new Set(['']);
    for (const part of STEPS) {
      // Looked at every half minute, so it is asked after last.
      if (down.has('languageModel') && part === 'languageModel') await becomes(part, false);
      const isUp = down.delete(part);
      if (!isUp) down.add(part);
      met.add([...down].sort().join());
      set.get(part)?.(isUp);
      if (part !== 'languageModel') await becomes(part, isUp);
      // Slack delivers again what was not taken.
      if (!down.has('storage'))
        for (const question of refused.splice(0)) {
          expect((await question.again(1)).taken).toBe(true);
          accepted.push(question);
        }
      expect(await ask()).toEqual(expected());
    }
    expect(met.size).toBe(2 ** 4);

    for (const part of [...down]) {
      down.delete(part);
      set.get(part)?.(true);
      await becomes(part, true);
    }
    // A model that failed five times is left alone for a quarter of a minute.
    while ((await ask())?.includes(QUOTES)) await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await ask()).toContain(setup.says);
    for (const question of accepted) {
      await endOf(question);
      expect(slack.seen(question.channel, question.thread)).toHaveLength(1);
    }
    served.service.kill('SIGTERM');
    expect(await served.service.ended).toMatchObject({ code: 0 });
  });
});
