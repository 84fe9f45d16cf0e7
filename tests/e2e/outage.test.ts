// What the service needs is down when it starts, or goes down later: it says so, and heals without a restart.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HealthReport } from '../../src/operations/health.js';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE } from '../support/flow-documents.js';
import { type Gate, startGate } from '../support/gate.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { startOpenAiStandIn } from '../support/openai-stand-in.js';
import { findQdrant } from '../support/qdrant-stand-in.js';
import { type Served, serveChipwright } from '../support/serve-chipwright.js';
import { type SlackStandIn, startSlack } from '../support/slack-stand-in.js';

vi.setConfig({ testTimeout: 240_000 });

const { setup } = ANSWERABLE;
const WRITTEN = 'Run `list_setup_paths -worst 10` to list the ten worst setup paths of the block [1]. ';
const NOT_WORKING = 'Search in the documents is not working at the moment.';

const qdrant = await findQdrant();
afterAll(() => qdrant?.stop());

let slack: SlackStandIn;
let served: Served | undefined;
const gates: Gate[] = [];
beforeEach(async () => {
  slack = await startSlack();
});
afterEach(async () => {
  await served?.bench.close();
  served = undefined;
  await Promise.all(gates.splice(0).map((gate) => gate.close()));
  await slack.close();
});

async function gateTo(target: string, state: Parameters<Gate['set']>[0]): Promise<Gate> {
  const gate = await startGate(target, state);
  gates.push(gate);
  return gate;
}

async function serve(env: Record<string, string>): Promise<Served> {
  served = await serveChipwright({ slack, env });
  return served;
}

async function readyz(): Promise<{ status: number; report: HealthReport }> {
  const response = await fetch(`${served?.url}/readyz`);
  return { status: response.status, report: (await response.json()) as HealthReport };
}

/** Waits for readiness to be so. */
async function becomes(status: HealthReport['status']): Promise<HealthReport> {
  for (;;) {
    const { report } = await readyz();
    if (report.status === status) return report;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Asks in a thread of its own; resolves with what was said there. */
async function ask(question: string = setup.question): Promise<string> {
  const { channel, thread, told } = await slack.mention(question);
  expect(told.taken).toBe(true);
  return eventually(
    () => slack.seen(channel, thread).find((text) => /Sources|reference|finds the cause/.test(text)),
    'an answer or a notice',
  );
}

describe('a Qdrant server that is down at the start', () => {
  it('keeps nobody from starting: who asks gets a notice, and probes the reason', async () => {
    const { service } = await serve({ QDRANT_URL: (await gateTo('http://127.0.0.1:1', 'reset')).url });
    expect(service.stderr()).toMatch(/^Not ready: The Qdrant server could not be reached/m);
    expect(await ask()).toContain(NOT_WORKING);
    const { status, report } = await readyz();
    expect(status).toBe(503);
    expect(report.dependencies.index).toMatchObject({ ok: false, required: true });
    expect(report.dependencies.index?.reason).toContain('The Qdrant server could not be reached');
    expect(report.dependencies.slack).toMatchObject({ ok: true });
    expect((await fetch(`${served?.url}/livez`)).status).toBe(200);
    service.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
  });

  it('is not asked more often because probes come in', async () => {
    const gate = await gateTo('http://127.0.0.1:1', 'reset');
    await serve({ QDRANT_URL: gate.url });
    const before = gate.requests;
    for (let at = 0; at < 20; at++) await Promise.all(Array.from({ length: 100 }, readyz));
    expect(gate.requests - before).toBeLessThan(1_000);
  });

  it.skipIf(qdrant === undefined).each([['reset'], ['hang'], [503], [401]] as const)(
    'is used as soon as it works, without a restart (%s)',
    async (state) => {
      const gate = await gateTo(qdrant?.url ?? '', state);
      await serve({ QDRANT_URL: gate.url });
      expect(await ask()).toContain(NOT_WORKING);
      const report = await becomes('unready');
      if (state === 401) expect(report.dependencies.index?.reason).toContain('refused the API key (401)');
      gate.set('open');
      await becomes('degraded');
      expect(await ask()).toContain(setup.says);
    },
  );
});

describe.skipIf(qdrant === undefined)('everything down at the start (a local engine)', () => {
  it('comes back piece by piece: the index, the language model, the encoder', async () => {
    const model = await startOpenAiStandIn({ as: 'answer', text: WRITTEN });
    try {
      const index = await gateTo(qdrant?.url ?? '', 'reset');
      const writer = await gateTo(model.baseURL.replace(/\/v1$/, ''), 'reset');
      const { bench } = await serve({
        QDRANT_URL: index.url,
        OPENAI_MODEL: 'stand-in',
        OPENAI_BASE_URL: `${writer.url}/v1`,
      });
      expect((await becomes('unready')).dependencies).toMatchObject({
        index: { ok: false },
        encoder: { ok: false },
        languageModel: { ok: false, required: false, reason: 'The language model cannot be reached.' },
      });
      expect(await ask()).toContain(NOT_WORKING);

      index.set('open');
      expect((await becomes('degraded')).dependencies).toMatchObject({
        index: { ok: true },
        encoder: { ok: false },
        languageModel: { ok: false },
      });
      expect(await ask()).toContain('The language model is not available; these are quotes');

      writer.set('open');
      const written = await ask();
      expect(written).toContain(setup.says);
      expect(written).not.toContain('quotes');

      await layTinyEncoder(bench.data);
      await becomes('ready');
      const search = await bench.run(['search', setup.question, '--json', '--mode', 'dense'], {
        env: { QDRANT_URL: index.url },
      });
      expect(search.stderr).toBe('');
      expect(JSON.parse(search.stdout).passages.length).toBeGreaterThan(0);
    } finally {
      await model.close();
    }
  });

  it('goes down and comes back while it runs', async () => {
    const index = await gateTo(qdrant?.url ?? '', 'open');
    await serve({ QDRANT_URL: index.url });
    expect(await ask()).toContain(setup.says);
    for (const state of ['reset', 401] as const) {
      index.set(state);
      expect(await ask()).toContain(NOT_WORKING);
      await becomes('unready');
      index.set('open');
      await becomes('degraded');
      expect(await ask()).toContain(setup.says);
    }
  });
});

describe('an encoder that cannot be fetched at the start', () => {
  it('is taken up when it is there, and the documents get their vectors', async () => {
    const { bench } = await serve({});
    expect((await becomes('degraded')).dependencies).toMatchObject({
      index: { ok: true },
      encoder: { ok: false },
    });
    expect(await ask()).toContain(setup.says);
    await layTinyEncoder(bench.data);
    await becomes('ready');
    const search = await bench.run(['search', setup.question, '--json', '--mode', 'dense']);
    expect(search.stderr).toBe('');
    expect(JSON.parse(search.stdout).passages.length).toBeGreaterThan(0);
  });
});
