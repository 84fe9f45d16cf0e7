// Three replicas on one PostgreSQL behind a round-robin of deliveries: one after the other is killed and started again.
import { setTimeout as delay } from 'node:timers/promises';
import { startGate } from '../../support/gate.js';
import { startPostgres } from '../../support/postgres.js';
import { type Served, serveChipwright } from '../../support/serve-chipwright.js';
import { slackChat } from './chat.js';
import { fickleModel } from './fickle-model.js';
import { people } from './people.js';
import { Promises } from './promise.js';

const REPLICAS = 3;
const PEOPLE = 6;

export interface Replicas {
  readonly broken: readonly string[];
  readonly kills: number;
  readonly questions: number;
}

/** Kills a replica each `pauseMs`, `count` times. Resolves when all that was accepted until then is answered. */
export async function replicas(
  count: number,
  pauseMs: number,
  random: () => number,
  tell: (line: string) => void = () => {},
): Promise<Replicas> {
  const server = await startPostgres();
  const [chat, model, database] = await Promise.all([
    slackChat(random),
    fickleModel(random),
    server.freshDatabase(),
  ]);
  const running: Served[] = [];
  let deliveries = 0;
  const balancer = await startGate(() => running[deliveries++ % running.length]?.url ?? '');
  const promises = new Promises(() => chat.posts());
  const over = new AbortController();
  const env = { DATABASE_URL: database, OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL };
  try {
    // One after the other: each start takes the deliveries to itself, until they go to all.
    for (let at = 0; at < REPLICAS; at += 1) running.push(await serveChipwright({ ...chat.wanted, env }));
    const deliverToAll = () => chat.movesTo(balancer.url);
    deliverToAll();
    const asking = people(PEOPLE, chat, promises, random, over.signal);
    for (let at = 0; at < count; at += 1) {
      await delay(pauseMs);
      const victim = running[at % REPLICAS] as Served;
      victim.service.kill('SIGKILL');
      running[at % REPLICAS] = await victim.again();
      deliverToAll();
      tell(`${at + 1} of ${count}: ${promises.accepted} questions accepted, ${promises.open().length} open`);
    }
    over.abort();
    await asking;
    await promises.settled();
    return { broken: promises.broken(), kills: count, questions: promises.accepted };
  } finally {
    over.abort();
    await Promise.all(running.map(({ bench }) => bench.close()));
    await Promise.all([balancer.close(), chat.close(), model.close(), server.close()]);
  }
}
