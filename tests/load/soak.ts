// Hours in little: questions at a steady rate while Slack and the language model have faults. What grows, and what is lost?
//
// npm run soak -- [--minutes 30] [--rate 5]
//
// Of the calls to Slack 10 % meet a rate limit, 5 % a reset and 2 % hang; of those to the model 10 % fail. Exits with 1 when
// a promise was broken or the program did not end well. A question that is refused is delivered four times in all, as Slack does.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { ANSWERABLE, STRAY } from '../support/flow-documents.js';
import { serveChipwright } from '../support/serve-chipwright.js';
import { startSlack } from '../support/slack-stand-in.js';
import { deliveryOf, postsIn } from './proofs/chat.js';
import { fickleModel } from './proofs/fickle-model.js';
import { Promises } from './proofs/promise.js';
import { growth, watchProcess } from './resident-memory.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '5' } },
});
const [minutes, rate] = [Number(values.minutes), Number(values.rate)];

const CHANNELS = 40;
const TRIES = 4;

/** Until then the program may still grow, s. */
const WARM_UP = Math.min(300, minutes * 20);

const random = seededRandom(1);
const slack = await startSlack();
const model = await fickleModel(random);
const served = await serveChipwright({
  slack,
  env: { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL },
});
slack.mood = () => {
  const luck = random();
  if (luck < 0.1) return { status: 429, retryAfter: '1' };
  if (luck < 0.15) return random() < 0.5 ? 'reset' : 'lost';
  return luck < 0.17 ? 'hang' : undefined;
};
const promises = new Promises(() => postsIn(slack));
const over = new AbortController();
const watching = watchProcess(served.service.pid, over.signal);

const texts = [...Object.values(ANSWERABLE).map(({ question }) => question), STRAY];
const asked: Promise<unknown>[] = [];
const start = performance.now();
while (performance.now() - start < minutes * 60_000) {
  const at = asked.length;
  const where = { channel: `C${at % CHANNELS}`, user: `U${at % (CHANNELS + 1)}` };
  const question = slack.unheard(texts[at % texts.length] ?? STRAY, where);
  const twin = random() < 0.5 ? [promises.deliver(deliveryOf(question, 'message'), TRIES)] : [];
  asked.push(Promise.all([promises.deliver(deliveryOf(question, 'app_mention'), TRIES), ...twin]));
  await delay((asked.length / rate) * 1_000 - (performance.now() - start));
}
await Promise.all(asked);
over.abort();
const looks = await watching;
await promises.settled();
served.service.kill('SIGTERM');
const { code, stderr } = await served.service.ended;
const broken = promises.broken();

const say = (line: string) => void process.stdout.write(`${line}\n`);
const last = looks.at(-1);
const per = (of: 'memory' | 'files') => `${growth(looks, of, WARM_UP).toFixed(2)} a minute`;
say(`${minutes} minutes: ${asked.length} questions asked, ${promises.accepted} accepted, the rest refused`);
say(`memory: ${last?.memory.toFixed(0)} MB at the end, growing ${per('memory')} after ${WARM_UP} s`);
say(`open files: ${last?.files} at the end, growing ${per('files')}`);
say(`ended with code ${code}; broken promises: ${broken.length}`);
// An unhandled rejection would have ended the program, and node would have said so there.
for (const line of [...broken, ...(/unhandled|Warning/i.test(stderr) ? [stderr] : [])]) say(line);
process.exitCode = code === 0 && broken.length === 0 ? 0 : 1;

await served.bench.close();
await Promise.all([slack.close(), model.close()]);
