// The charts of a report: SVG by hand, coloured by the page's style sheet, each with its figures beside it in a table.
import { decimal, signed, withInterval } from './figures.js';
import { type Html, html } from './html.js';
import { type Measure, verdict } from './retrieval-evaluation.js';

export interface Curve {
  readonly name: string;
  /** At 1, 2, 3, ...; all curves of a chart have the same number. */
  readonly points: readonly Measure[];
}

const WIDTH = 620;
const HEIGHT = 380;
const FRAME = { left: 34, right: 170, top: 12, bottom: 34 };

/** Line styles beside colours, so that a black-and-white print tells the curves apart. */
const DASHES = ['', '6 4', '2 4', '10 4 2 4'];

/** Recall over the number of passages looked at, each curve with its 95 % band and its name at its end. At most four. */
export function recallCurves({
  curves,
  caption,
}: {
  readonly curves: readonly Curve[];
  readonly caption: string;
}): Html {
  const last = Math.max(1, ...curves.map(({ points }) => points.length));
  const top = ceilTo(Math.max(0.1, ...curves.flatMap(({ points }) => points.map(({ high }) => high))), 0.1);
  const x = (k: number) =>
    FRAME.left + ((k - 1) / Math.max(1, last - 1)) * (WIDTH - FRAME.left - FRAME.right);
  const y = (value: number) => HEIGHT - FRAME.bottom - (value / top) * (HEIGHT - FRAME.top - FRAME.bottom);
  const path = (values: readonly (readonly [number, number])[]) =>
    values
      .map(([k, value], at) => `${at === 0 ? 'M' : 'L'}${x(k).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
  const step = top > 0.5 ? 0.2 : 0.1;
  const levels = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, at) => at * step);
  const columns = [1, 5, 10, 15, 20].filter((k) => k <= last);
  const ends = spread(curves.map(({ points }) => y(points.at(-1)?.value ?? 0)));
  const summary = curves
    .map(({ name, points }) => `${name} reaches ${decimal(points.at(-1)?.value ?? 0)}`)
    .join(', ');
  return html`<figure class="curves"><figcaption>${caption}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Recall by number of passages, 1 to ${last}: ${summary}. The figures stand in the table below.">
${levels.map((level) => html`<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(level).toFixed(1)}" y2="${y(level).toFixed(1)}"/><text x="${FRAME.left - 8}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end">${level === 0 ? '0' : level.toFixed(1)}</text>`)}
${columns.map((k) => html`<text x="${x(k).toFixed(1)}" y="${HEIGHT - FRAME.bottom + 18}" text-anchor="middle">${k}</text>`)}
<text x="${x((last + 1) / 2).toFixed(1)}" y="${HEIGHT - 1}" text-anchor="middle">passages looked at</text>
${curves.map(({ points }, at) => html`<path class="band ${series(at)}" d="${path([...points.map(({ high }, k) => [k + 1, high] as const), ...points.map(({ low }, k) => [k + 1, low] as const).reverse()])}Z"/>`)}
${curves.map(({ points }, at) => html`<g class="${series(at)}"><path class="curve" stroke-dasharray="${DASHES[at] ?? ''}" d="${path(points.map(({ value }, k) => [k + 1, value] as const))}"/></g>`)}
${curves.map(({ name, points }, at) => html`<text class="name ${series(at)}" x="${WIDTH - FRAME.right + 8}" y="${((ends[at] ?? 0) + 4).toFixed(1)}">${shorten(name, 20)} <tspan class="end-value">${decimal(points.at(-1)?.value ?? 0)}</tspan></text>`)}
</svg></figure>`;
}

export interface Bar {
  readonly label: string;
  /** Beside the label, smaller. */
  readonly note?: string;
  /** Bars of one group stand together under its name. */
  readonly group?: string;
  /** Number of questions behind it. */
  readonly n?: number;
  readonly measure: Measure;
}

/**
 * A row for each bar: its label, its figures, and a dot with its 95 % interval. `differences` draws the line of zero and says which
 * intervals lie wholly on one side of it.
 */
export function intervalBars({
  bars,
  caption,
  differences,
}: {
  readonly bars: readonly Bar[];
  readonly caption: string;
  readonly differences: boolean;
}): Html {
  const low = Math.min(0, ...bars.map(({ measure }) => measure.low));
  const high = Math.max(0, ...bars.map(({ measure }) => measure.high));
  const most = differences ? ceilTo(Math.max(high, -low, 0.01), 0.01) : Math.max(0.1, ceilTo(high, 0.1));
  const least = differences ? -most : 0;
  /** Percent of the plot's width; a margin keeps dots whole. */
  const x = (value: number) => `${(2 + ((value - least) / (most - least)) * 96).toFixed(2)}%`;
  const write = differences ? signed : decimal;
  const withNumbers = bars.some(({ n }) => n !== undefined);
  const groups = [...new Set(bars.map(({ group }) => group))];
  const columns = withNumbers ? 4 : 3;
  return html`<table class="bars"><caption>${caption}</caption>
<thead><tr><th scope="col"></th>${withNumbers ? html`<th scope="col">questions</th>` : ''}<th scope="col">${differences ? 'difference' : 'value'} [95 % interval]</th><th scope="col" class="plot">${axis([least, (least + most) / 2, most], x, write)}</th></tr></thead>
${groups.map(
  (
    group,
  ) => html`<tbody class="group">${group === undefined ? '' : html`<tr><th scope="rowgroup" colspan="${columns}">${group}</th></tr>`}
${bars
  .filter((bar) => bar.group === group)
  .map(
    ({
      label,
      note,
      n,
      measure,
    }) => html`<tr><th scope="row">${label}${note === undefined ? '' : html` <small>${note}</small>`}</th>${withNumbers ? html`<td class="number count">${n ?? ''}</td>` : ''}<td class="number">${withInterval(measure, write)}${differences ? word(measure) : ''}</td><td class="plot">${plot(measure, x, differences)}</td></tr>
`,
  )}</tbody>`,
)}</table>`;
}

/** `better` or `worse` where the interval says so. */
export function word(measure: Measure): Html {
  const said = verdict(measure);
  return said === 'undecided' ? html`` : html` <span class="word ${said}">${said}</span>`;
}

function plot(measure: Measure, x: (value: number) => string, differences: boolean): Html {
  const { value, low, high } = measure;
  const colour = differences ? verdict(measure) : 's1';
  return html`<svg class="${colour}" width="100%" height="18" aria-hidden="true"><line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="18"/><line class="whisker" x1="${x(low)}" x2="${x(high)}" y1="9" y2="9"/><circle class="dot" cx="${x(value)}" cy="9" r="4.5"/></svg>`;
}

function axis(
  values: readonly number[],
  x: (value: number) => string,
  write: (value: number) => string,
): Html {
  const anchors = ['start', 'middle', 'end'];
  return html`<svg class="plot-axis" width="100%" height="14" aria-hidden="true">${values.map((value, at) => html`<text x="${x(value)}" y="11" text-anchor="${anchors[at] ?? 'middle'}">${value === 0 ? '0' : write(value)}</text>`)}</svg>`;
}

function series(at: number): string {
  return `s${at + 1}`;
}

/** Heights for labels so that none covers another, in the order of the curves. */
function spread(heights: readonly number[]): number[] {
  const LINE = 17;
  const order = heights.map((_, at) => at).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  const placed = [...heights];
  order.forEach((at, place) => {
    const above = order[place - 1];
    if (above !== undefined) placed[at] = Math.max(placed[at] ?? 0, (placed[above] ?? 0) + LINE);
  });
  return placed;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
