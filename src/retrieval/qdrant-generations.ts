// Generations on a Qdrant server: so far there is one, the collection itself.
import type { Logger } from 'pino';
import { ChipwrightError } from '../errors.js';
import type { Generation, Generations } from './generations.js';
import type { Index, IndexDescription } from './index-port.js';
import type { QdrantAddress } from './qdrant-connection.js';
import { openQdrantIndex } from './qdrant-index.js';

export interface QdrantGenerationsParts extends QdrantAddress {
  readonly log: Logger;
  /** Milliseconds. */
  readonly now: () => number;
}

export class QdrantGenerations implements Generations {
  readonly #parts: QdrantGenerationsParts;

  constructor(parts: QdrantGenerationsParts) {
    this.#parts = parts;
  }

  async list(): Promise<readonly Generation[]> {
    return [{ number: 1, encoder: undefined, live: true }];
  }

  async live(): Promise<number> {
    return 1;
  }

  async open(number: number, encoder: IndexDescription['encoder']): Promise<Index> {
    if (number !== 1) throw onlyOne();
    return openQdrantIndex({ ...this.#parts, encoder });
  }

  async publish(number: number): Promise<void> {
    if (number !== 1) throw onlyOne();
  }

  async remove(): Promise<void> {
    throw onlyOne();
  }
}

function onlyOne(): ChipwrightError {
  return new ChipwrightError(
    'usage_invalid',
    'An index on a Qdrant server cannot have a second generation yet.',
    {
      cure: 'Delete the collection on the server and ingest again, or use the embedded index.',
    },
  );
}
