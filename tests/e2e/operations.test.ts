// What an operator sees of a running service, and what must not be seen there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE } from '../support/flow-documents.js';
import { type OpenAiStandIn, startOpenAiStandIn } from '../support/openai-stand-in.js';
import { type Served, serveChipwright } from '../support/serve-chipwright.js';
import { type SlackStandIn, startSlack } from '../support/slack-stand-in.js';

vi.setConfig({ testTimeout: 240_000 });

const { setup } = ANSWERABLE;
/** Words of a question, a document and a model that are nobody else's business. */
const SECRETS = ['zebrafish', 'quokka', 'axolotl'] as const;
const [ASKED, WRITTEN_DOWN, INVENTED] = SECRETS;

let slack: SlackStandIn;
let model: OpenAiStandIn;
let served: Served | undefined;
beforeAll(async () => {
  slack = await startSlack();
  model = await startOpenAiStandIn({
    as: 'answer',
    text: `Run \`list_setup_paths -worst 10\` to list the ten worst setup paths of the block [1]. The ${INVENTED} says so.`,
  });
  served = await serveChipwright({
    slack,
    env: { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL, OPENAI_API_KEY: 'sk-very-secret' },
    documents: {
      'note.md': `# Note\n\nThe ${WRITTEN_DOWN} of the setup paths is listed by its worst paths.\n`,
    },
  });
});
afterAll(async () => {
  await served?.bench.close();
  await model.close();
  await slack.close();
});

const get = async (path: string) => (await fetch(`${served?.url}${path}`)).text();

describe('a service that was asked', () => {
  it('shows what it did in numbers, and nothing of what was said', async () => {
    const said = await slack.mention(`${setup.question} ${ASKED}`, { user: 'USECRET', channel: 'CSECRET' });
    await said.again(1);
    await eventually(
      () => slack.seen('CSECRET', said.thread).some((text) => text.includes('Sources')),
      'the answer',
    );
    const counted = /chipwright_questions_total\{platform="slack",outcome="\w+"\} 1/;
    let metrics = await get('/metrics');
    while (!counted.test(metrics)) metrics = await get('/metrics');
    expect(metrics).toContain('chipwright_messages_total{platform="slack",admission="accepted"} 1');
    expect(metrics).toContain('chipwright_duplicates_total{platform="slack",reason="retry"} 1');
    expect(metrics).toContain('chipwright_deliveries_total{platform="slack",kind="answer"} 1');
    expect(metrics).toContain('chipwright_tokens_total{direction="in"} 11');
    expect(metrics).toContain('chipwright_stage_seconds_count{stage="first_token"} 1');
    expect(metrics).toMatch(/^chipwright_index_passages [1-9]/m);
    expect(metrics).toContain('chipwright_index_generation 1');
    expect(metrics).toContain('chipwright_dependency_up{dependency="slack"} 1');
    expect(metrics).toContain('chipwright_dependency_up{dependency="storage"} 1');
    const { bench, service } = served ?? {};
    const log = await readFile(join(bench?.data ?? '', 'chipwright.log'), 'utf8');
    expect(log).toContain('"msg":"answered"');
    const folder = join(bench?.data ?? '', 'audit');
    const written = () =>
      existsSync(folder) &&
      readdirSync(folder)
        .map((file) => readFileSync(join(folder, file), 'utf8'))
        .find((text) => text.endsWith('\n'));
    const audit = await eventually(written, 'a line of the audit log');
    expect(JSON.parse(audit)).toMatchObject({
      platform: 'slack',
      person: 'USECRET',
      skill: 'question',
      generation: 1,
      model: 'stand-in',
      passages: expect.arrayContaining([expect.any(String)]),
    });
    const shown = {
      audit,
      metrics,
      log,
      readyz: await get('/readyz'),
      printed: `${service?.stdout()}${service?.stderr()}`,
    };
    for (const [where, text] of Object.entries(shown)) {
      for (const secret of [...SECRETS, 'sk-very-secret', 'xoxb-'])
        expect([where, text.includes(secret)]).toEqual([where, false]);
    }
    expect(metrics).not.toMatch(/USECRET|CSECRET/);
  });

  it('has an audit log that is whole after kill -9, and says so', async () => {
    const { bench, service } = served ?? {};
    service?.kill('SIGKILL');
    await service?.ended;
    const verified = await bench?.run(['audit', 'verify']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified?.stdout).toMatch(/^Whole: 1 lines in 1 files\.$/m);
    const [file = ''] = await readdir(join(bench?.data ?? '', 'audit'));
    const path = join(bench?.data ?? '', 'audit', file);
    await writeFile(path, (await readFile(path, 'utf8')).replace('USECRET', 'UOTHER'));
    const broken = await bench?.run(['audit', 'verify']);
    expect(broken).toMatchObject({ code: 1 });
    expect(broken?.stdout).toContain(`BROKEN at line 1 of ${file}`);
  });
});
