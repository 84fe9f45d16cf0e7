// What /livez and /readyz say while things come and go.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { noMetrics } from '../../src/conversation/metrics.js';
import type { PlatformHealth } from '../../src/conversation/platform.js';
import { ChipwrightError } from '../../src/errors.js';
import { type Dependency, Health } from '../../src/operations/health.js';
import { eventually } from '../support/eventually.js';

/** A dependency that is what `state` says, and counts how often it was looked at. */
function dependency(name: string, required: boolean, everyMs = 5) {
  const state: { health: PlatformHealth | ChipwrightError | Error; looks: number } = {
    health: { ok: true, detail: `${name} is well.` },
    looks: 0,
  };
  const each: Dependency = {
    name,
    required,
    everyMs,
    async check() {
      state.looks++;
      if (state.health instanceof Error) throw state.health;
      return state.health;
    },
  };
  return { each, state };
}

function setup() {
  const lines: { msg: string; dependency: string; reason?: string; level: number }[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const stop = new AbortController();
  const world = { time: Date.UTC(2026, 0, 2) };
  const health = new Health({ now: () => world.time, log, metrics: noMetrics, stopping: stop.signal });
  const probe = async (path: string) => {
    const route = health.routes.find((one) => one.path === path);
    const request = { method: 'GET', path, query: new URLSearchParams(), headers: {}, body: Buffer.of() };
    const response = await route?.handle(request);
    return { status: response?.status, body: JSON.parse(String(response?.body)) };
  };
  return { lines, stop, world, health, probe };
}

describe('health', () => {
  it('is alive from the beginning, and ready once everything was looked at', async () => {
    const { health, probe, stop } = setup();
    expect(await probe('/livez')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await probe('/readyz')).toEqual({ status: 503, body: { status: 'starting', dependencies: {} } });
    await health.watch([dependency('index', true).each]);
    expect(await probe('/readyz')).toEqual({
      status: 200,
      body: {
        status: 'ready',
        dependencies: {
          index: {
            ok: true,
            required: true,
            reason: 'index is well.',
            since: '2026-01-02T00:00:00.000Z',
          },
        },
      },
    });
    stop.abort();
  });

  it('is not ready without what is required, says why and since when, and is ready again by itself', async () => {
    const { health, probe, world, lines, stop } = setup();
    const { each, state } = dependency('index', true);
    await health.watch([each]);
    world.time += 60_000;
    state.health = new ChipwrightError('index_unavailable', 'The server could not be reached.', {
      cure: 'x',
    });
    await eventually(() => health.report.status === 'unready', 'it to be unready');
    expect(await probe('/readyz')).toMatchObject({
      status: 503,
      body: {
        dependencies: {
          index: {
            ok: false,
            reason: 'The server could not be reached.',
            since: '2026-01-02T00:01:00.000Z',
          },
        },
      },
    });
    world.time += 60_000;
    state.health = { ok: true, detail: 'Back.' };
    await eventually(() => health.report.status === 'ready', 'it to be ready');
    expect(health.report.dependencies.index).toMatchObject({ ok: true, since: '2026-01-02T00:02:00.000Z' });
    stop.abort();
    expect(lines.map(({ msg, reason }) => [msg, reason])).toEqual([
      ['not ready', 'The server could not be reached.'],
      ['ready again', undefined],
    ]);
  });

  it('stays ready without what only makes answers better', async () => {
    const { health, probe, stop } = setup();
    const model = dependency('languageModel', false);
    model.state.health = { ok: false, detail: 'It is down.' };
    await health.watch([dependency('index', true).each, model.each]);
    expect(await probe('/readyz')).toMatchObject({ status: 200, body: { status: 'degraded' } });
    stop.abort();
  });

  it('is not ready from the moment it is told to stop, and looks no more', async () => {
    const { health, probe, stop } = setup();
    const { each, state } = dependency('index', true);
    await health.watch([each]);
    stop.abort();
    const { looks } = state;
    expect(await probe('/readyz')).toMatchObject({ status: 503, body: { status: 'stopping' } });
    expect((await probe('/livez')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(state.looks).toBe(looks);
  });

  it('is not looked at more often however often it is probed', async () => {
    const { health, probe, stop } = setup();
    const { each, state } = dependency('slack', true, 3_600_000);
    await health.watch([each]);
    for (let at = 0; at < 500; at++) await probe('/readyz');
    expect(state.looks).toBe(1);
    stop.abort();
  });

  it('shows nothing of an error that is not ours', async () => {
    const { health, probe, lines, stop } = setup();
    const { each, state } = dependency('teams', true);
    state.health = new Error('secret-of-somebody');
    await health.watch([each]);
    expect(JSON.stringify([await probe('/readyz'), lines])).not.toContain('secret-of-somebody');
    stop.abort();
  });
});
