// How the service starts, stops and refuses to start.
import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE, FLOW_DOCUMENTS } from '../support/flow-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { startOpenAiStandIn } from '../support/openai-stand-in.js';
import { type Bench, openBench } from '../support/run-chipwright.js';
import { serveChipwright } from '../support/serve-chipwright.js';
import { type Said, type SlackStandIn, startSlack } from '../support/slack-stand-in.js';

vi.setConfig({ testTimeout: 240_000 });

const { setup, skew } = ANSWERABLE;
const WRITTEN = 'Run `list_setup_paths -worst 10` to list the ten worst setup paths of the block [1]. ';

describe('stopping while answers are written', () => {
  let slack: SlackStandIn;
  beforeEach(async () => {
    slack = await startSlack();
  });
  afterEach(() => slack.close());

  it('finishes what it began, ends well, and answers the rest after the next start', async () => {
    const model = await startOpenAiStandIn();
    model.behave([
      { as: 'drip', text: WRITTEN.repeat(2), gapMs: 100 },
      { as: 'hang' },
      { as: 'stall', text: WRITTEN },
    ]);
    const env = { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL };
    const served = await serveChipwright({ slack, env });
    const { bench, service } = served;
    try {
      const asked: Said[] = [];
      for (const at of [1, 2, 3]) {
        asked.push(await slack.mention(setup.question, { channel: `C${at}` }));
        await eventually(() => model.requests.length >= at, `question ${at} at the model`);
      }
      const thread = asked[0]?.thread ?? '';
      // These wait for the first answer of their thread.
      for (const text of [setup.question, skew.question]) {
        expect((await slack.mention(text, { thread })).told.taken).toBe(true);
      }
      service.kill('SIGTERM');
      expect(await service.ended).toMatchObject({ code: 0 });
      const finished = ({ channel, thread }: Said) => slack.seen(channel, thread).join().includes('Sources');
      expect(asked.map(finished)).toEqual([true, true, true]);
      for (const { channel, thread } of asked) expect(slack.seen(channel, thread)).toHaveLength(1);
      model.behave({ as: 'answer', text: WRITTEN });
      await served.again();
      await eventually(() => {
        const seen = slack.seen('C1', thread);
        return seen.length === 3 && seen.every((text) => /Sources|Closest documents/.test(text));
      }, 'the answers to those that waited');
      expect(slack.messages.every(({ streaming }) => !streaming)).toBe(true);
    } finally {
      await bench.close();
      await model.close();
    }
  });

  it('ends at once when told twice', async () => {
    const model = await startOpenAiStandIn({ as: 'hang' });
    const env = { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL };
    const { bench, service } = await serveChipwright({ slack, env });
    try {
      await slack.mention(setup.question);
      await eventually(() => model.requests.length > 0, 'the question at the model');
      // Two kinds of signal, as two of one kind may reach a busy process as one.
      service.kill('SIGTERM');
      service.kill('SIGINT');
      expect(await service.ended).toMatchObject({ code: 130 });
    } finally {
      await bench.close();
      await model.close();
    }
  });

  it('does not start where another program listens, and says so in one line', async () => {
    const { bench, url, service } = await serveChipwright({ slack });
    try {
      const env = {
        SLACK_BOT_TOKEN: 'xoxb-stand-in',
        SLACK_SIGNING_SECRET: 'x',
        SLACK_API_URL: slack.apiUrl,
        PORT: new URL(url).port,
        CHIPWRIGHT_DATA: join(bench.folder, 'second'),
      };
      const { code, stderr } = await bench.run(['start'], { env });
      expect(code).toBe(78);
      expect(stderr.split('\n').filter((line) => line.startsWith('chipwright:'))).toEqual([
        `chipwright: Port ${env.PORT} on 127.0.0.1 is taken.`,
      ]);
      expect(stderr).not.toMatch(/\bat \S+:\d+/);
      service.kill('SIGINT');
      expect(await service.ended).toMatchObject({ code: 0 });
    } finally {
      await bench.close();
    }
  });
});

describe('starting', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.close());

  it('needs nothing: with its handbook it answers in the terminal', async () => {
    const { code, stdout } = await bench.run(['start'], { input: 'How is Slack connected?\n' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/handbook: \d+ documents/);
    expect(stdout).toContain('SLACK_BOT_TOKEN');
    expect(stdout).toContain('Sources');
  });

  it('indexes again only what changed', async () => {
    await bench.write(FLOW_DOCUMENTS);
    const start = () => bench.run(['start', '--docs', '.'], { input: `${setup.question}\n` });
    expect((await start()).stdout).toContain(setup.says);
    await bench.write({
      'timing.md': FLOW_DOCUMENTS['timing.md']?.replaceAll('list_setup', 'print_setup') ?? '',
    });
    expect((await start()).stdout).toContain('print_setup_paths');
  });

  it('searches by meaning and by words once a model is here', async () => {
    await bench.write(FLOW_DOCUMENTS);
    await layTinyEncoder(bench.data);
    const { code, stderr } = await bench.run(['start', '--docs', '.'], { input: `${skew.question}\n` });
    expect(code).toBe(0);
    expect(stderr).not.toContain('Searching by words alone');
    const found = await bench.run(['search', skew.question, '--json']);
    expect(JSON.parse(found.stdout).passages).toHaveLength(5);
  });

  const models = process.env.CHIPWRIGHT_TEST_MODELS ?? '';
  const real = join(models, 'bge-small-en-v1.5');
  it.skipIf(models === '' || !existsSync(join(real, 'manifest.json')))(
    'finds what is asked in other words than those of the documents',
    async () => {
      await bench.write(FLOW_DOCUMENTS);
      await symlink(models, join(bench.data, 'models'));
      await bench.run(['ingest', '.']);
      const asked = 'How full may the die be?';
      const { stdout, stderr } = await bench.run(['search', asked, '--json']);
      expect(stderr).not.toContain('Searching by words alone');
      expect(JSON.parse(stdout).passages[0].path).toBe('floorplan.rst');
    },
  );
});
