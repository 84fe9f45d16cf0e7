// Every other command of the compiled program: what it prints for programs and for people, and how it refuses.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE, FLOW_DOCUMENTS, STRAY } from '../support/flow-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 300_000 });

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.write(FLOW_DOCUMENTS);
  await bench.run(['ingest', '.', '--name', 'flow', '--link', 'https://docs.example.com/{path}#L{line}']);
});
afterAll(() => bench.close());

const json = async (...args: string[]) => {
  const { code, stdout } = await bench.run([...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

describe('chipwright search', () => {
  it('lists passages for programs, best first', async () => {
    const { passages } = await json('search', ANSWERABLE.antenna.question, '-k', '3', '--mode', 'lexical');
    expect(Object.keys(passages[0])).toEqual(['rank', 'id', 'title', 'path', 'href', 'score', 'text']);
    expect(passages[0]).toMatchObject({
      rank: 1,
      path: 'routing.md',
      title: expect.stringMatching(/^Routing/),
    });
    expect(passages[0].href).toMatch(/^https:\/\/docs\.example\.com\/routing\.md#L\d+$/);
    expect(passages[0].text).toContain(ANSWERABLE.antenna.says);
    const ranks = passages.map(({ rank }: { rank: number }) => rank);
    expect(ranks).toEqual(ranks.map((_: number, at: number) => at + 1));
  });

  it('shows passages to people, with the place to look', async () => {
    const { stdout } = await bench.run(['search', ANSWERABLE.skew.question]);
    expect(stdout).toMatch(/^1\. Clock tree.*\n {3}clock-tree\.md:\d+\n/);
  });

  it('goes on when its reader goes away', async () => {
    const { code, stdout } = await bench.run(['search', 'tree', '-k', '50']);
    expect([code, stdout === '']).toEqual([0, false]);
    const running = bench.start(['search', 'tree', '-k', '50', '--json']);
    running.hangUp();
    expect(await running.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('EPIPE') });
  });

  it.each([
    [['search', 'skew', '-k', 'many'], '-k is "many".'],
    [['search', 'skew', '-k', '0'], '-k is "0".'],
    [['search', 'skew', '--mode', 'psychic'], '--mode is "psychic".'],
  ])('refuses %j in one sentence, with what is allowed', async (args, sentence) => {
    const { code, stderr } = await bench.run(args);
    expect([code, stderr.split('\n')]).toEqual([
      2,
      [`chipwright: ${sentence}`, expect.stringContaining('Give'), ''],
    ]);
  });
});

describe('chipwright ask', () => {
  it('answers for programs, with citations that lead to what was said', async () => {
    const result = await json('ask', ANSWERABLE.setup.question);
    expect(Object.keys(result).filter((key) => key !== 'note')).toEqual([
      'question',
      'answer',
      'grounding',
      'citations',
      'passages',
      'model',
      'timings',
    ]);
    expect(result).toMatchObject({
      question: ANSWERABLE.setup.question,
      grounding: 'grounded',
      model: 'extractive',
    });
    expect(result.answer).toContain(ANSWERABLE.setup.says);
    expect(Object.keys(result.citations[0])).toEqual(['marker', 'title', 'path', 'href', 'excerpt', 'score']);
    expect(Object.keys(result.passages[0])).toEqual(['id', 'title', 'path', 'href', 'score']);
    expect(Object.keys(result.timings)).toEqual(['encodeMs', 'searchMs', 'modelMs', 'totalMs']);
    for (const { marker, href, excerpt } of result.citations) {
      expect(result.answer).toContain(`[${marker}]`);
      const [, path, line] = /^https:\/\/docs\.example\.com\/(.+)#L(\d+)$/.exec(href) ?? [];
      const text = FLOW_DOCUMENTS[path ?? ''] ?? '';
      expect(text.split('\n').length).toBeGreaterThanOrEqual(Number(line));
      const word = /[a-z]{5,}/.exec(excerpt)?.[0] ?? 'no excerpt';
      expect(text).toContain(word);
    }
  });

  it('tells people what it does not know, and what is near', async () => {
    const { code, stdout } = await bench.run(['ask', `${STRAY} In the core?`]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^The documents do not seem to hold an answer/),
    ]);
    expect((await json('ask', STRAY)).grounding).toBe('refused');
  });

  it('says so when nothing is indexed', async () => {
    const { code, stderr } = await bench.run(['ask', 'x'], {
      env: { CHIPWRIGHT_DATA: join(bench.folder, 'none') },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('chipwright: Nothing is indexed yet.\nRun `chipwright ingest DIR` first');
  });

  it('says which data folder cannot be used', async () => {
    // A file in its place, and a system folder in which nothing can be made.
    await bench.write({ taken: 'a file' });
    for (const folder of [
      join(bench.folder, 'taken'),
      join(bench.folder, 'taken', 'below'),
      '/proc/chipwright',
    ]) {
      const { code, stderr } = await bench.run(['ask', 'x'], { env: { CHIPWRIGHT_DATA: folder } });
      expect(code).toBe(78);
      expect(stderr).toContain('CHIPWRIGHT_DATA');
      expect(stderr.trim().split('\n')).toHaveLength(2);
    }
  });

  it('holds a conversation over a pipe', async () => {
    const { code, stdout } = await bench.run(['chat'], {
      input: `${ANSWERABLE.setup.question}\nand for hold?\n`,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('list_setup_paths');
    expect(stdout).toContain('list_hold_paths');
  });
});

describe('chipwright models', () => {
  it('lists what is known, and says what is wrong with what is here', async () => {
    const env = { CHIPWRIGHT_DATA: join(bench.folder, 'models-here') };
    const absent = await bench.run(['models', 'verify'], { env });
    expect([absent.code, absent.stdout]).toEqual([1, expect.stringContaining('`chipwright models pull')]);
    await layTinyEncoder(env.CHIPWRIGHT_DATA);
    const whole = await bench.run(['models', 'verify'], { env });
    expect([whole.code, whole.stdout]).toEqual([
      0,
      expect.stringMatching(/^\* bge-small-en-v1\.5 .* from a test\n$/),
    ]);
    await appendFile(join(env.CHIPWRIGHT_DATA, 'models', 'bge-small-en-v1.5', 'onnx', 'model.onnx'), 'x');
    const damaged = await bench.run(['models', 'verify'], { env });
    expect([damaged.code, damaged.stdout]).toEqual([
      1,
      expect.stringContaining('onnx/model.onnx does not have the size'),
    ]);
    const { stdout } = await bench.run(['models', 'list', '--json'], { env });
    expect(JSON.parse(stdout).models).toMatchObject([
      {
        name: 'bge-small-en-v1.5',
        present: true,
        problems: ['onnx/model.onnx does not have the size it should have.'],
      },
      { name: 'all-MiniLM-L6-v2', present: false },
    ]);
  });

  it('says what to do when a model cannot be fetched', async () => {
    const { code, stderr } = await bench.run(['models', 'pull', 'all-MiniLM-L6-v2']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /chipwright: The model all-MiniLM-L6-v2 could not be fetched\..*\n.*HF_ENDPOINT.*\n$/,
    );
    const unknown = await bench.run(['models', 'pull', 'bert-huge']);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(/no model named bert-huge.*\nKnown models: /),
    ]);
    const outside = await bench.run(['models', 'verify', '../../etc']);
    expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('A model name has only')]);
  });
});

describe('chipwright doctor', () => {
  it('names what is missing and where to get it, and shows no secret', async () => {
    const env = { SLACK_BOT_TOKEN: 'xoxb-very-secret', SLACK_APP_TOKEN: 'xapp-very-secret' };
    const { code, stdout } = await bench.run(['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toContain('ok  slack: configured');
    expect(stdout).toMatch(/- {3}teams: not configured\n {6}MicrosoftAppId: .*Azure/);
    expect(stdout).toMatch(/BAD encoder: .*`chipwright models pull`/);
    expect(stdout).toMatch(/ok {2}index: 5 documents, \d+ passages, encoder none/);
    expect(stdout).not.toContain('very-secret');
    const parts = JSON.parse((await bench.run(['doctor', '--json'])).stdout).findings;
    expect(parts.map(({ part }: { part: string }) => part)).toContain('language model');
  });

  it('is content when all is well', async () => {
    const env = { CHIPWRIGHT_DATA: join(bench.folder, 'well') };
    await layTinyEncoder(env.CHIPWRIGHT_DATA);
    expect((await bench.run(['doctor'], { env })).code).toBe(0);
  });
});

describe('chipwright manifest', () => {
  it('writes what an administrator uploads to Teams and pastes at Slack', async () => {
    const appId = '00000000-0000-4000-8000-000000000001';
    const args = ['manifest', 'teams', '--app-id', appId, '--host', 'bot.example.com', '--out', 'app.zip'];
    expect(await bench.run(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('app.zip') });
    const files = unzipSync(await readFile(join(bench.folder, 'app.zip')));
    expect(JSON.parse(Buffer.from(files['manifest.json'] ?? []).toString()).bots[0].botId).toBe(appId);
    const { code, stdout } = await bench.run(['manifest', 'slack']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('display_information:')]);
  });
});

describe('the command line', () => {
  it('shows an example with every command', async () => {
    const commands = [
      ...['start', 'ingest', 'ask', 'chat', 'search', 'tune', 'doctor'].map((name) => [name]),
      ...['list', 'pull', 'use', 'verify'].map((name) => ['models', name]),
      ...['list', 'publish', 'rollback', 'gc', 'verify', 'copy', 'backup', 'restore'].map((name) => [
        'index',
        name,
      ]),
      ['audit', 'verify'],
      ...['teams', 'slack'].map((name) => ['manifest', name]),
      ...['retrieval', 'make-questions'].map((name) => ['eval', name]),
    ];
    for (const command of commands) {
      const { code, stdout } = await bench.run([...command, '--help']);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(new RegExp(`Examples?:\n  chipwright ${command.join(' ')}`)),
      ]);
    }
    const { stdout } = await bench.run(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    expect(listed).toEqual(expect.arrayContaining([...new Set(commands.map(([name]) => name))]));
    expect(listed).toHaveLength(new Set(commands.map(([name]) => name)).size);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await bench.run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each([
    [['frobnicate'], 'chipwright --help'],
    [['search', 'x', '--bogus'], 'chipwright search --help'],
    [['eval', 'retrieval'], 'chipwright eval retrieval --help'],
    [['search'], 'chipwright search --help'],
    [['models'], 'Usage: chipwright models'],
    [[], 'Usage: chipwright'],
  ])('takes %j for a mistake and says where to look', async (args, hint) => {
    const { code, stdout, stderr } = await bench.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(hint);
  });

  it.each([
    ['a YAML file that is none', { yaml: 'sources: [' }, 'chipwright.yaml is not valid YAML.'],
    ['a misspelt key', { yaml: 'encodr: bge-small-en-v1.5\n' }, 'did you mean encoder?'],
    ['a misspelt variable', { env: { SLACK_BOT_TOKE: 'x' } }, 'did you mean SLACK_BOT_TOKEN?'],
    ['half a Slack app', { env: { SLACK_BOT_TOKEN: 'xoxb-secret-part' } }, 'Slack is half configured'],
    ['half a Teams bot', { env: { MicrosoftAppId: 'a' } }, 'MicrosoftAppPassword is missing'],
    ['an impossible port', { env: { PORT: '70000' } }, 'PORT is "70000"'],
    ['a model without a server', { env: { OPENAI_MODEL: 'm' } }, 'OPENAI_MODEL is set, but neither'],
  ])(
    'does not start with %s',
    async (_what, { yaml, env }: { yaml?: string; env?: Record<string, string> }, sentence) => {
      const own = await openBench();
      try {
        if (yaml !== undefined) await own.write({ 'chipwright.yaml': yaml });
        const { code, stdout, stderr } = await own.run(['start'], env === undefined ? {} : { env });
        expect([code, stdout]).toEqual([78, '']);
        expect(stderr).toMatch(/^chipwright: [^\n]+\n[^\n]*docs\/configuration\.md[^\n]*\n$/);
        expect(stderr).toContain(sentence);
        expect(stderr).not.toContain('secret-part');
      } finally {
        await own.close();
      }
    },
  );

  it('keeps questions and documents out of its log', async () => {
    await bench.run(['ask', 'Is the zanzibar register asked about by Ada?']);
    const log = await eventually(() => readFile(join(bench.data, 'chipwright.log'), 'utf8'), 'the log');
    expect(log).not.toContain('zanzibar');
    expect(log).not.toContain('delay cells');
  });
});
