// Facts about the real models, for machines that have them: CHIPWRIGHT_TEST_MODELS names the folder of models.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KNOWN_MODELS } from '../../../src/retrieval/encoder/model-catalogue.js';
import { type OnnxEncoder, openEncoder } from '../../../src/retrieval/encoder/onnx-encoder.js';

const models = process.env.CHIPWRIGHT_TEST_MODELS ?? '';

describe.each(KNOWN_MODELS.map(({ name }) => name))('the real %s', (name) => {
  const folder = join(models, name);
  const absent = models === '' || !existsSync(join(folder, 'manifest.json'));
  let encoder: OnnxEncoder;

  beforeAll(async () => {
    if (!absent) encoder = await openEncoder(folder, { log: pino({ level: 'silent' }) });
  });
  afterAll(() => encoder?.close());

  it.skipIf(absent)('puts each question nearest to the passage that answers it', async () => {
    const pairs: [string, string][] = [
      [
        'How do I make the clock arrive everywhere at once?',
        'Clock tree synthesis balances the skew between registers.',
      ],
      ['Which command reports the worst slack?', 'report_wns prints the worst negative slack of the design.'],
      [
        'My chip has shorted wires after routing',
        'Design rule violations such as shorts are listed by the detailed router.',
      ],
      [
        'Where should the pins of a block go?',
        'Pin placement assigns each port to a location on the die boundary.',
      ],
    ];
    const questions = await encoder.encode(
      pairs.map(([question]) => question),
      'query',
    );
    const passages = await encoder.encode(
      pairs.map(([, passage]) => passage),
      'passage',
    );
    questions.forEach((question, at) => {
      const cosines = passages.map((passage) =>
        passage.reduce((sum, x, i) => sum + x * (question[i] ?? 0), 0),
      );
      expect(cosines.indexOf(Math.max(...cosines))).toBe(at);
    });
  });

  it.skipIf(absent)('is blind to capitals and blanks, and gives unit vectors', async () => {
    const [one, two, other] = await encoder.encode(
      ['Clock tree', ' clock\n TREE ', 'a recipe for soup'],
      'passage',
    );
    const cosine = (a?: Float32Array, b?: Float32Array) =>
      a?.reduce((sum, x, i) => sum + x * (b?.[i] ?? 0), 0) ?? 0;
    expect(cosine(one, one)).toBeCloseTo(1, 5);
    expect(cosine(one, two)).toBeCloseTo(1, 5);
    expect(cosine(one, other)).toBeLessThan(0.7);
  });
});
