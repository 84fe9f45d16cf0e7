// The result of an evaluation for a terminal: at most 80 columns, readable without colour.
import { describeConfiguration } from './configuration.js';
import { signed, withInterval } from './figures.js';
import { type Measure, type MeasureName, verdict } from './retrieval-evaluation.js';
import type { RetrievalSummary } from './retrieval-summary.js';

const SHOWN: readonly MeasureName[] = [
  'microRecall@1',
  'microRecall@5',
  'microRecall@8',
  'microRecall@10',
  'microRecall@15',
  'microRecall@20',
  'hit@1',
  'hit@5',
  'hit@10',
  'nDCG@10',
  'MRR@10',
];

const LEGEND = 'Brackets: 95 % bootstrap interval over the questions.';

const LEGEND_OF_DIFFERENCES = [
  'A difference is called better (worse) when its whole interval lies above (below)',
  'zero; otherwise it may be chance.',
];

export function terminalTable(summary: RetrievalSummary): string {
  const { set, ours, against, parts } = summary;
  const head = `${set.questions.length} questions, ${set.corpus.length} passages`;
  const lines =
    against === undefined
      ? [`${head}; ${describeConfiguration(ours.configuration)}`]
      : [
          head,
          `A  ${describeConfiguration(ours.configuration)}`,
          `B  ${describeConfiguration(against.configuration)}`,
        ];
  return [
    ...lines,
    '',
    ...scoreRows(summary),
    ...(parts.length === 0 ? [] : ['', ...partRows(summary)]),
    '',
    LEGEND,
    ...(against === undefined && parts.length === 0 ? [] : LEGEND_OF_DIFFERENCES),
  ].join('\n');
}

function scoreRows({ ours, against, graded }: RetrievalSummary): string[] {
  const names = graded ? foremost('nDCG@10') : SHOWN;
  if (against === undefined) return table(names.map((name) => [name, withInterval(ours.scores[name])]));
  return table([
    ['', 'A', 'B', 'A - B'],
    ...names.map((name) => [
      name,
      withInterval(ours.scores[name]),
      withInterval(against.scores[name]),
      difference(against.difference[name]),
    ]),
  ]);
}

function partRows({ parts, graded }: RetrievalSummary): string[] {
  const names: readonly MeasureName[] = graded
    ? ['nDCG@10', 'microRecall@10']
    : ['microRecall@5', 'microRecall@10'];
  return [
    'What each part adds: the whole less the whole without it',
    ...table([
      ['', ...names],
      ...parts.map((part) => [part.part, ...names.map((name) => difference(part.difference[name]))]),
    ]),
  ];
}

/** All of one width, so that the brackets stand below each other, and the verdict where there is one. */
function difference(measure: Measure): string {
  const { value, low, high } = measure;
  const word = verdict(measure);
  return `${signed(value)} [${signed(low)}, ${signed(high)}]${word === 'undecided' ? '' : ` ${word}`}`;
}

function foremost(name: MeasureName): MeasureName[] {
  return [name, ...SHOWN.filter((each) => each !== name)];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => {
    const [name, ...cells] = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${name} ${cells.join('  ')}`.trimEnd();
  });
}
