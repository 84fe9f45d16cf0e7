// What the generations of every engine must do: one answers, another is built beside it, and the change is one step.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { AS_BUILT, type Generations, removeOutdated } from '../../src/retrieval/generations.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import type { IndexedDocument } from '../../src/retrieval/index-port.js';
import { LiveRetriever } from '../../src/retrieval/live-retriever.js';
import { buildAnew, switchEncoder } from '../../src/retrieval/publish.js';
import { verifyIndex } from '../../src/retrieval/verify-index.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, sampleDocument } from './index.contract.js';

export interface GenerationsSubject {
  readonly name: string;
  /** With nothing stored yet. */
  open(): Promise<Generations>;
  close(): Promise<void>;
  /** The same generations as the last `open` gave, for a process that dies before its request number `requests`. */
  dying?(requests: number): Generations;
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

    it('come to the same index after twenty interrupted builds, and the old one answers until then', async () => {
      const live = await generations.open(1, base);
      const many = Array.from({ length: 70 }, (_, at) =>
        sampleDocument(`m${at}.md`, [`clock ${at}`, `power ${at}`]),
      );
      await live.put(many);
      const random = seededRandom(17);
      for (let build = 0; build < 20; build++) {
        const cut = 1 + Math.floor(random() * 24);
        let calls = 0;
        const tuned = axisEncoder('tuned@1', 3, () => {
          calls++;
          // Now and then one page of three comes through.
          if (subject.dying === undefined && calls > (build % 7 === 6 ? 1 : 0)) throw new Error('killed');
        });
        const mortal = subject.dying?.(cut) ?? generations;
        await expect(
          switchEncoder({ generations: mortal, encoder: tuned }, live, { signal }),
        ).rejects.toThrow('killed');
        expect(await generations.live()).toBe(1);
      }
      await switchEncoder({ generations, encoder: axisEncoder('tuned@1', 3) }, live, { signal });
      const clean = await verifyIndex(live);
      await live.close();
      expect(await generations.live()).toBe(2);
      const resumed = await generations.open(2, AS_BUILT);
      expect(await verifyIndex(resumed)).toEqual(clean);
      expect(clean).toMatchObject({ documents: 70, chunks: 140, problems: [] });
      await resumed.close();
    });

    it('change under searches without an error, and without an answer from two of them', async () => {
      for (const number of [1, 2]) {
        const index = await generations.open(number, base);
        const own = Array.from({ length: 12 }, (_, at) => sampleDocument(`v${at}.md`, [`clock tree ${at}`]));
        await index.put(
          own.map((one) => ({ ...one, document: { ...one.document, version: `of ${number}` } })),
        );
        await index.close();
      }
      let time = 0;
      const open = async (number: number) => {
        const index = await generations.open(number, base);
        const retriever = new HybridRetriever({ index, encoder: base, now: () => time });
        return { number, retriever, close: () => index.close() };
      };
      const retriever = new LiveRetriever({
        first: await open(1),
        live: () => generations.live(),
        open,
        now: () => {
          time += 1_000;
          return time;
        },
        log: pino({ level: 'silent' }),
      });
      const seen = new Set<string>();
      let left = 120;
      const ask = async () => {
        while (left > 0) {
          left--;
          const { passages } = await retriever.search('clock tree', audience(), 8);
          const versions = new Set(passages.map(({ document }) => document.version));
          expect(passages.length).toBeGreaterThan(0);
          expect(versions.size).toBe(1);
          for (const version of versions) seen.add(version);
          await nextTurn();
        }
      };
      const publish = async () => {
        for (let turn = 0; left > 0; turn++) {
          await generations.publish(2 - (turn % 2));
          await nextTurn();
        }
      };
      await Promise.all([publish(), ...Array.from({ length: 6 }, ask)]);
      await retriever.close();
      expect([...seen].sort()).toEqual(['of 1', 'of 2']);
    });

    it('are saved and brought back as a new one, which does not answer before it is published', async () => {
      const live = await fillLive();
      const before = await verifyIndex(live);
      const folder = await mkdtemp(join(tmpdir(), 'chipwright-backup-'));
      try {
        await expect(generations.restore(folder)).rejects.toMatchObject({ code: 'usage_invalid' });
        await expect(generations.backup(7, folder)).rejects.toMatchObject({ code: 'usage_invalid' });
        const file = await generations.backup(1, folder);
        await live.remove(documents.map(({ document }) => document.id));
        await live.put([sampleDocument('later.md', ['clock'])]);
        expect(await generations.restore(folder)).toBe(2);
        expect(await generations.live()).toBe(1);
        const restored = await generations.open(2, AS_BUILT);
        expect(await verifyIndex(restored)).toEqual(before);
        await restored.close();
        await writeFile(file, 'not a backup');
        await expect(generations.restore(folder)).rejects.toMatchObject({ name: 'ChipwrightError' });
        expect((await generations.list()).map(({ number }) => number)).toEqual([2, 1]);
        expect(await readdir(folder)).toHaveLength(1);
      } finally {
        await live.close();
        await rm(folder, { recursive: true });
      }
    });

    it('tell by which encoder they were built, and are opened by it without the model', async () => {
      await (await fillLive()).close();
      const index = await generations.open(1, AS_BUILT);
      expect((await index.describe()).encoder).toEqual({ ...CONTRACT_ENCODER, id: 'base@1', name: 'base' });
      await index.close();
      await expect(generations.open(2, AS_BUILT)).rejects.toMatchObject({ code: 'usage_invalid' });
      expect(await generations.list()).toHaveLength(1);
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
