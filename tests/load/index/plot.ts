// The picture of the index bench: latency and memory by number of passages, one line an engine, readable on light and dark paper.

export interface Line {
  readonly name: string;
  /** Passages and milliseconds or megabytes, by passages. */
  readonly points: readonly (readonly [passages: number, value: number])[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const WIDTH = 420;
const HEIGHT = 300;
const FRAME = { left: 58, right: 24, top: 34, bottom: 60 };

/** Dashes beside colours, so that a print in black and white tells the lines apart. */
const DASHES = ['', '7 4', '2 4', '9 3 2 3'];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600 }
.grid { stroke: #8884; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.s1 { stroke: #0b6bcb } .s2 { stroke: #c2410c } .s3 { stroke: #15803d } .s4 { stroke: #7e22ce }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd }
  .s1 { stroke: #6cb6ff } .s2 { stroke: #ff9d66 } .s3 { stroke: #6fdd8b } .s4 { stroke: #d2a8ff }
}`;

/** An SVG file. Both axes are logarithmic. `note` says what was measured on what, below the panels. */
export function plotOf(panels: readonly Panel[], note: string): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const height = HEIGHT + 20 * names.length + 24;
  const drawn = panels.map(
    (panel, at) => `<g transform="translate(${at * WIDTH} 0)">${draw(panel, names)}</g>`,
  );
  const legend = names.map((name, at) => {
    const y = HEIGHT + 20 * at + 8;
    return `${stroke(at, `M${FRAME.left} ${y}H${FRAME.left + 34}`)}<text x="${FRAME.left + 44}" y="${y + 4}">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH * panels.length} ${height}" role="img" aria-label="${escaped(note)}">`,
    `<style>${STYLE}</style>`,
    ...drawn,
    ...legend,
    `<text x="${FRAME.left}" y="${height - 8}">${escaped(note)}</text>`,
    '</svg>\n',
  ].join('\n');
}

function draw({ title, lines }: Panel, names: readonly string[]): string {
  const points = lines.flatMap((line) => line.points);
  const x = axis(
    points.map(([passages]) => passages),
    [FRAME.left, WIDTH - FRAME.right],
  );
  const y = axis(
    points.map(([, value]) => value),
    [HEIGHT - FRAME.bottom, FRAME.top],
  );
  const bottom = HEIGHT - FRAME.bottom;
  return [
    `<text class="title" x="${FRAME.left}" y="18">${escaped(title)}</text>`,
    ...y.ticks.map(
      (value) =>
        `<path class="grid" d="M${FRAME.left} ${y.at(value)}H${WIDTH - FRAME.right}"/><text x="${FRAME.left - 8}" y="${y.at(value) + 4}" text-anchor="end">${short(value)}</text>`,
    ),
    ...x.ticks.map(
      (value) =>
        `<path class="grid" d="M${x.at(value)} ${FRAME.top}V${bottom}"/><text x="${x.at(value)}" y="${bottom + 18}" text-anchor="middle">${short(value)}</text>`,
    ),
    `<text x="${(FRAME.left + WIDTH - FRAME.right) / 2}" y="${bottom + 38}" text-anchor="middle">passages</text>`,
    ...lines.map(({ name, points: own }) => {
      const path = own.map(
        ([passages, value], at) => `${at === 0 ? 'M' : 'L'}${x.at(passages)} ${y.at(value)}`,
      );
      // A line of one point is a dot.
      return stroke(names.indexOf(name), `${path.join('')}${own.length === 1 ? 'h.01' : ''}`);
    }),
  ].join('\n');
}

function stroke(at: number, path: string): string {
  return `<path class="line s${(at % 4) + 1}" stroke-linecap="round" stroke-dasharray="${DASHES[at % DASHES.length]}" d="${path}"/>`;
}

interface Axis {
  /** 1, 2 and 5 times the powers of ten that frame the values. */
  readonly ticks: readonly number[];
  at(value: number): number;
}

function axis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const positive = values.filter((value) => value > 0);
  const low = Math.min(...positive);
  const high = Math.max(...positive);
  const steps = Array.from({ length: 36 }, (_, at) =>
    [1, 2, 5].map((digit) => digit * 10 ** (at - 12)),
  ).flat();
  const first = Math.max(0, steps.findIndex((step) => step > low * 1.0001) - 1);
  const last = Math.max(
    first + 1,
    steps.findIndex((step) => step >= high * 0.9999),
  );
  const ticks = steps.slice(first, last + 1);
  const [start, end] = [Math.log(ticks[0] ?? 1), Math.log(ticks.at(-1) ?? 10)];
  const at = (value: number) =>
    Math.round(from + ((Math.log(Math.max(value, Number.MIN_VALUE)) - start) / (end - start)) * (to - from));
  return { ticks, at };
}

/** 300000 as 300k. */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1_000) return `${value / 1_000}k`;
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
