// A process of its own that opens one filled index, asks it everything and says what that took: so that its memory is that of the index.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { Encoder } from '../../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../../src/retrieval/encoder/onnx-encoder.js';
import { HybridRetriever } from '../../../src/retrieval/hybrid-retriever.js';
import { ask, quantile } from '../search/asking.js';
import { openIndex } from './engine.js';
import { AT_ONCE, type Latency, type SearchOrder, type SearchResult, searchOrder } from './search-order.js';

async function search({
  place,
  encoder: identity,
  model,
  questions,
  rounds,
  vectors,
}: SearchOrder): Promise<SearchResult> {
  const known: Encoder = {
    ...identity,
    encode: async (texts) => texts.map((text) => Float32Array.from(vectors[text] ?? [])),
    close: async () => {},
  };
  const asked = Array.from({ length: rounds }, () => questions).flat();
  const before = memoryNow();
  const index = await openIndex(place, identity);
  const measure = async (encoder: Encoder, atOnce: number): Promise<Latency> => {
    const retriever = new HybridRetriever({ index, encoder, now: () => performance.now() });
    await ask(retriever, questions.slice(0, 5), 1);
    const { times, failed } = await ask(retriever, asked, atOnce);
    const [p50, p95, p99] = [quantile(times, 0.5), quantile(times, 0.95), quantile(times, 0.99)];
    return { p50, p95, p99, failed };
  };
  const alone = await measure(known, 1);
  const together = await measure(known, AT_ONCE);
  const memory = memoryNow() - before;
  const encoder = await openEncoder(model, { log: pino({ level: 'silent' }) });
  const encodedAlone = await measure(encoder, 1);
  const encodedTogether = await measure(encoder, AT_ONCE);
  await index.close();
  await encoder.close();
  return { memory, alone, together, encodedAlone, encodedTogether };
}

/** Without what is only waiting to be thrown away; `gc` is there with --expose-gc. */
function memoryNow(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

const order = searchOrder.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
process.stdout.write(`${JSON.stringify(await search(order))}\n`);
