// The picture of the index bench: every figure lands inside its frame, whatever the sizes, and names cannot break the file.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plotOf } from './plot.js';

const figure = fc.double({ min: 0.01, max: 1e9, noNaN: true });
const line = fc.record({
  name: fc.constantFrom('SQLite', 'Qdrant 1.19.0', '<&">'),
  points: fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000_000 }), figure), {
    minLength: 1,
    maxLength: 5,
  }),
});

it('draws every line inside its frame', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (lines) => {
      const svg = plotOf([{ title: 'memory', lines }], 'a machine');
      expect(svg).not.toMatch(/NaN|Infinity|undefined|[<&]["&]/);
      // The lines of the legend stand below the panel.
      const paths = [...svg.matchAll(/class="line [^>]* d="M(\d+ \d+[^"]*)"/g)].map(([, path]) => path ?? '');
      expect(paths).toHaveLength(lines.length + new Set(lines.map(({ name }) => name)).size);
      for (const path of paths.slice(0, lines.length)) {
        for (const point of path.replace('h.01', '').split('L')) {
          const [x, y] = point.split(' ').map(Number);
          expect(x).toBeGreaterThanOrEqual(58);
          expect(x).toBeLessThanOrEqual(396);
          expect(y).toBeGreaterThanOrEqual(34);
          expect(y).toBeLessThanOrEqual(240);
        }
      }
    }),
  );
});

it('shows a higher figure higher, and more passages further right', () => {
  const points = [
    [10_000, 3],
    [100_000, 20],
    [300_000, 90],
  ] as const;
  const svg = plotOf([{ title: 'latency', lines: [{ name: 'SQLite', points }] }], '');
  const path = /class="line [^>]* d="M([^"]*)"/.exec(svg)?.[1] ?? '';
  const [first, second, third] = path.split('L').map((point) => point.split(' ').map(Number));
  expect(Number(first?.[0])).toBeLessThan(Number(second?.[0]));
  expect(Number(second?.[0])).toBeLessThan(Number(third?.[0]));
  expect(Number(first?.[1])).toBeGreaterThan(Number(second?.[1]));
  expect(Number(second?.[1])).toBeGreaterThan(Number(third?.[1]));
});
