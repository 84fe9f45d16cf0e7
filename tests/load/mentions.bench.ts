// More mentions than can be answered: how soon is Slack told whether each was taken, and does the memory stay flat?
//
// npm run bench:mentions -- [--rate 200] [--seconds 60] [--model-seconds 20]
//
// The compiled program over HTTP with a Slack and a language model on the loopback, all on this machine, searching by words alone.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ANSWERABLE } from '../support/flow-documents.js';
import { startOpenAiStandIn } from '../support/openai-stand-in.js';
import { serveChipwright } from '../support/serve-chipwright.js';
import { startSlack } from '../support/slack-stand-in.js';
import { growth, watchProcess } from './resident-memory.js';
import { quantile } from './search/asking.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    'model-seconds': { type: 'string', default: '20' },
  },
});
const [rate, seconds] = [Number(values.rate), Number(values.seconds)];

const PEOPLE = 500;
const CHANNELS = 100;

/** The model writes so many pieces, one after the other. */
const PIECES = 8;

/** Until so much of the time has passed the program may still grow. */
const WARM_UP = seconds / 3;

const text = 'Run it [1]. '.repeat(PIECES);
const gapMs = (Number(values['model-seconds']) * 1_000) / PIECES;
const model = await startOpenAiStandIn({ as: 'drip', text, gapMs });
const slack = await startSlack();
const served = await serveChipwright({
  slack,
  env: { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL },
});

/** Milliseconds until Slack was told, by the status it was told. */
const told = new Map<number, number[]>();
async function mention(at: number): Promise<void> {
  const question = slack.unheard(ANSWERABLE.setup.question, {
    channel: `C${at % CHANNELS}`,
    user: `U${at % PEOPLE}`,
  });
  const sent = performance.now();
  const { status } = await question.deliver('app_mention');
  const times = told.get(status) ?? [];
  times.push(performance.now() - sent);
  told.set(status, times);
}

const over = new AbortController();
const watching = watchProcess(served.service.pid, over.signal);
const under: Promise<void>[] = [];
const start = performance.now();
while (under.length < rate * seconds) {
  const due = Math.min(rate * seconds, Math.ceil(((performance.now() - start) / 1_000) * rate));
  while (under.length < due) under.push(mention(under.length));
  await delay(1);
}
await Promise.all(under);
over.abort();
const looks = await watching;

const say = (line: string) => void process.stdout.write(`${line}\n`);
say(`${under.length} mentions, ${rate} a second, a model that takes ${values['model-seconds']} s`);
for (const [status, times] of [...told, ['anything', [...told.values()].flat()] as const]) {
  times.sort((one, other) => one - other);
  const at = (share: number) => `${quantile(times, share).toFixed(0)} ms`;
  say(`told ${status}: ${times.length}, p50 ${at(0.5)}, p99 ${at(0.99)}, slowest ${at(1)}`);
}
const peak = Math.max(...looks.map(({ memory }) => memory)).toFixed(0);
const grown = growth(looks, 'memory', WARM_UP).toFixed(1);
say(`memory: at most ${peak} MB, ${grown} MB a minute after the first ${WARM_UP.toFixed(0)} s`);

await served.bench.close();
await Promise.all([slack.close(), model.close()]);
