// The service with a Redis server for its pace: it goes down and comes back, and nobody in a thread notices.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HealthReport } from '../../src/operations/health.js';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE } from '../support/flow-documents.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { type Served, serveChipwright } from '../support/serve-chipwright.js';
import { type SlackStandIn, startSlack } from '../support/slack-stand-in.js';

vi.setConfig({ testTimeout: 240_000 });

describe.skipIf(!hasRedis)('a Redis server for the pace', () => {
  let redis: RedisServer;
  let slack: SlackStandIn;
  let served: Served;
  beforeAll(async () => {
    redis = await startRedis();
    slack = await startSlack();
    served = await serveChipwright({ slack, env: { REDIS_URL: redis.url } });
  });
  afterAll(async () => {
    await served?.bench.close();
    await slack?.close();
    await redis?.close();
  });

  /** Waits until `/readyz` says so of Redis; what it says. */
  async function redisIs(ok: boolean) {
    for (;;) {
      const response = await fetch(`${served.url}/readyz`);
      const { dependencies } = (await response.json()) as HealthReport;
      if (dependencies.redis?.ok === ok) return { httpStatus: response.status, ...dependencies.redis };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function ask() {
    const { channel, thread } = await slack.mention(ANSWERABLE.setup.question);
    await eventually(() => slack.seen(channel, thread).join().includes('Sources'), 'the answer');
    expect(slack.seen(channel, thread)).toHaveLength(1);
  }

  it('is used, done without while it is down, and used again', async () => {
    await redisIs(true);
    await ask();
    await redis.stop();
    expect(await redisIs(false)).toMatchObject({
      httpStatus: 200,
      required: false,
      reason: 'The Redis server does not answer; each process paces for itself.',
    });
    await ask();
    await redis.start();
    await redisIs(true);
    await ask();
    served.service.kill('SIGTERM');
    expect(await served.service.ended).toMatchObject({ code: 0 });
  });
});
