// The promises of delivery at their full size. `npm test` proves the same with smaller counts: tests/e2e/promises.test.ts.
//
// npm run prove -- deliveries [--count 10000]   duplicates, twins, disorder and an unwilling Slack, on both stores
// npm run prove -- kills [--count 120]          kill -9 at random moments, then a restart; with --platform teams in Microsoft Teams
// npm run prove -- stops [--count 60]           SIGTERM at random moments, then a restart
// npm run prove -- replicas [--count 24]        three on one PostgreSQL, one of them killed every five seconds
//
// With --seed N other moments and faults are drawn. Exits with 1 when a promise was broken, and prints each one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { openPostgresStore } from '../../src/storage/postgres-store.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';
import type { Store } from '../../src/storage/store.js';
import { hasPostgres, startPostgres } from '../support/postgres.js';
import { slackChat, teamsChat } from './proofs/chat.js';
import { deliveries } from './proofs/deliveries.js';
import { interruptions } from './proofs/interruptions.js';
import { replicas } from './proofs/replicas.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    platform: { type: 'string', default: 'slack' },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const tell = (line: string) => void process.stderr.write(`${line}\n`);
const count = (usual: number) => Number(values.count ?? usual);
const random = () => seededRandom(Number(values.seed));

const proofs: Readonly<Record<string, () => Promise<object>>> = {
  async deliveries() {
    const on = async (store: Store) => {
      const seen = await deliveries(store, count(10_000), random());
      await store.close();
      return seen;
    };
    const folder = await mkdtemp(join(tmpdir(), 'chipwright-prove-'));
    const sqlite = await on(await openSqliteStore(join(folder, 'state.sqlite')));
    await rm(folder, { recursive: true });
    if (!hasPostgres) return { sqlite };
    tell(JSON.stringify(sqlite));
    const server = await startPostgres();
    const log = pino({ level: 'silent' });
    const postgres = await on(await openPostgresStore(await server.freshDatabase(), log));
    await server.close();
    return { sqlite, postgres };
  },
  async kills() {
    const chat = await (values.platform === 'teams' ? teamsChat : slackChat)(random());
    return interruptions(chat, 'SIGKILL', count(120), random(), tell);
  },
  stops: async () => interruptions(await slackChat(random()), 'SIGTERM', count(60), random(), tell),
  replicas: () => replicas(count(24), 5_000, random(), tell),
};

const proof = proofs[positionals[0] ?? ''];
if (proof === undefined) throw new Error(`Name a proof: ${Object.keys(proofs).join(', ')}.`);
const seen = JSON.stringify(await proof(), undefined, 2);
say(seen);
// Every list in the result is one of things that went wrong.
process.exitCode = /\[\s*"/.test(seen) ? 1 : 0;
