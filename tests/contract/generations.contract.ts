// What the generations of every engine must do: one answers, another is built beside it, and the change is one step.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { type Generations, removeOutdated } from '../../src/retrieval/generations.js';
import type { IndexedDocument } from '../../src/retrieval/index-port.js';
import { buildAnew, switchEncoder } from '../../src/retrieval/publish.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, sampleDocument } from './index.contract.js';

export interface GenerationsSubject {
  readonly name: string;
  /** With nothing stored yet. */
  open(): Promise<Generations>;
  close(): Promise<void>;
}

/** Each text gets one axis, chosen by its length and `shift`: two encoders differ in their vectors. */
export function axisEncoder(
  id: string,
  shift: number,
  onEncode: (texts: number) => void = () => {},
): Encoder {
  return {
    ...CONTRACT_ENCODER,
    id,
    name: id.split('@')[0] ?? id,
    async encode(texts) {
      onEncode(texts.length);
      return texts.map((text) => {
        const vector = new Float32Array(CONTRACT_ENCODER.dimensions);
        vector[(text.length + shift) % vector.length] = 1;
        return vector;
      });
    },
    async close() {},
  };
}

const base = axisEncoder('base@1', 0);
const documents: IndexedDocument[] = ['a.md', 'b.md', 'c.md'].map((path) =>
  sampleDocument(path, [`clock of ${path}`, `power of ${path}`]),
);
const signal = new AbortController().signal;

export function generationsContract(subject: GenerationsSubject): void {
  describe(`${subject.name} keep the generations contract`, () => {
    let generations: Generations;
    beforeEach(async () => {
      generations = await subject.open();
    });
    afterEach(() => subject.close());

    const fillLive = async () => {
      const index = await generations.open(await generations.live(), base);
      await index.put(documents);
      return index;
    };
    const storedIn = async (number: number, encoder: Encoder) => {
      const index = await generations.open(number, encoder);
      try {
        return [...(await index.contentHashes('sample')).keys()].sort();
      } finally {
        await index.close();
      }
    };

    it('begin with one, which any encoder may fill', async () => {
      expect(await generations.live()).toBe(1);
      expect(await generations.list()).toEqual([{ number: 1, encoder: undefined, live: true }]);
      const index = await generations.open(1, base);
      await index.put(documents);
      await index.close();
      expect(await generations.list()).toEqual([{ number: 1, encoder: 'base@1', live: true }]);
    });

    it('switch to another encoder with the same documents, and keep the old one for going back', async () => {
      const live = await fillLive();
      const tuned = axisEncoder('tuned@1', 3);
      await switchEncoder({ generations, encoder: tuned }, live, { signal });
      await live.close();
      expect(await generations.live()).toBe(2);
      expect(await generations.list()).toEqual([
        { number: 2, encoder: 'tuned@1', live: true },
        { number: 1, encoder: 'base@1', live: false },
      ]);
      const index = await generations.open(2, tuned);
      const [vector] = await tuned.encode(['a.md > Guide > Part 0\nclock of a.md'], 'passage');
      const [list] = await index.dense([vector ?? new Float32Array()], audience(), 1);
      expect(list?.hits[0]?.score).toBeCloseTo(1);
      await index.close();
    });

    it('go back to an older generation, encoding only what changed since', async () => {
      const live = await fillLive();
      const tuned = axisEncoder('tuned@1', 3);
      await switchEncoder({ generations, encoder: tuned }, live, { signal });
      await live.close();
      const now = await generations.open(2, tuned);
      await now.put([sampleDocument('a.md', ['clock anew'], { hash: 'h2' })]);
      await now.remove(['sample:c.md']);
      let encoded = 0;
      const again = axisEncoder('base@1', 0, (texts) => {
        encoded += texts;
      });
      await switchEncoder({ generations, encoder: again }, now, { signal });
      await now.close();
      expect(await generations.live()).toBe(1);
      expect(encoded).toBe(1);
      expect(await storedIn(1, base)).toEqual(['sample:a.md', 'sample:b.md']);
    });

    it('leave the old one answering when a build fails, and take the build up again', async () => {
      const live = await fillLive();
      let calls = 0;
      const stops = {
        ...axisEncoder('tuned@1', 3),
        encode: async () => {
          calls++;
          throw new Error('power cut');
        },
      };
      await expect(switchEncoder({ generations, encoder: stops }, live, { signal })).rejects.toThrow(
        'power cut',
      );
      expect(calls).toBe(1);
      expect(await generations.live()).toBe(1);
      await switchEncoder({ generations, encoder: axisEncoder('tuned@1', 3) }, live, { signal });
      await live.close();
      expect(await generations.live()).toBe(2);
      expect(await storedIn(2, axisEncoder('tuned@1', 3))).toHaveLength(3);
    });

    it('refuse to publish vectors that are not of unit length', async () => {
      const live = await fillLive();
      const broken: Encoder = {
        ...axisEncoder('broken@1', 0),
        encode: async (texts) => texts.map(() => new Float32Array(CONTRACT_ENCODER.dimensions)),
      };
      await expect(switchEncoder({ generations, encoder: broken }, live, { signal })).rejects.toMatchObject({
        code: 'index_unavailable',
      });
      await live.close();
      expect(await generations.live()).toBe(1);
    });

    it('build anew from nothing, and forget what was given up', async () => {
      await (await fillLive()).close();
      await expect(
        buildAnew({ generations, encoder: base }, async (index) => {
          await index.put([sampleDocument('stale.md', ['left behind'])]);
          throw new Error('stopped');
        }),
      ).rejects.toThrow('stopped');
      expect(await generations.live()).toBe(1);
      await buildAnew({ generations, encoder: base }, (index) =>
        index.put([sampleDocument('new.md', ['clock'])]),
      );
      expect(await generations.live()).toBe(2);
      expect(await storedIn(2, base)).toEqual(['sample:new.md']);
      expect(await storedIn(1, base)).toHaveLength(3);
    });

    it('keep two beside the live one', async () => {
      await (await fillLive()).close();
      for (const path of ['1', '2', '3', '4']) {
        await buildAnew({ generations, encoder: base }, (index) =>
          index.put([sampleDocument(path, ['clock'])]),
        );
      }
      expect((await generations.list()).map(({ number }) => number)).toEqual([5, 4, 3]);
      expect(await removeOutdated(generations)).toEqual([]);
    });

    it('refuse to remove the one that answers, and to publish one that is not there', async () => {
      await (await fillLive()).close();
      await expect(generations.remove(1)).rejects.toMatchObject({ code: 'usage_invalid' });
      await expect(generations.publish(7)).rejects.toMatchObject({ code: 'usage_invalid' });
      expect(await generations.live()).toBe(1);
    });

    it('refuse another encoder for a generation that has one', async () => {
      await (await fillLive()).close();
      await expect(generations.open(1, axisEncoder('tuned@1', 3))).rejects.toMatchObject({
        code: 'index_mismatch',
      });
    });
  });
}
