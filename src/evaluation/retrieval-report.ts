// The report of `chipwright eval retrieval` as a page: data in, HTML out.
import { intervalBars, recallCurves, word } from './charts.js';
import { describeConfiguration, PARTS, runName } from './configuration.js';
import { decimal, signed, withInterval } from './figures.js';
import { type Html, html } from './html.js';
import { caseList, changeList } from './question-cases.js';
import { reportPage, type Section } from './report-page.js';
import {
  type Measure,
  type MeasureName,
  RANKING_DEPTH,
  recallCurve,
  verdict,
} from './retrieval-evaluation.js';
import type { RetrievalSummary, RunScores } from './retrieval-summary.js';

export interface ReportContext {
  /** Names of the files, for people. */
  readonly files: { readonly corpus: string; readonly queries: string; readonly judgements: string };
  /** `2026-11-25` */
  readonly date: string;
  /** Version of the program. */
  readonly version: string;
}

const TABLE: readonly MeasureName[] = [
  'microRecall@1',
  'microRecall@5',
  'microRecall@8',
  'microRecall@10',
  'microRecall@15',
  'microRecall@20',
  'macroRecall@10',
  'hit@1',
  'hit@5',
  'hit@10',
  'nDCG@10',
  'MRR@10',
];

export function retrievalReport(summary: RetrievalSummary, context: ReportContext): string {
  const { set, ours, against } = summary;
  const relevant = set.questions.reduce(
    (sum, { judged }) => sum + [...judged.values()].filter((grade) => grade > 0).length,
    0,
  );
  return reportPage({
    title: 'How well the right passage is found',
    lead: lead(summary),
    facts: [
      ['Questions', `${set.questions.length}, with ${relevant} relevant passages`],
      ['Passages', String(set.corpus.length)],
      ['Measured', describeConfiguration(ours.configuration)],
      ...(against === undefined
        ? []
        : [['Compared with', describeConfiguration(against.configuration)] as const]),
      ['Files', `${context.files.corpus}, ${context.files.queries}, ${context.files.judgements}`],
      ['Date', context.date],
      ['Chipwright', context.version],
    ],
    sections: [
      found(summary),
      ...(against === undefined ? [] : [comparison(summary, against)]),
      ...(summary.parts.length === 0 ? [] : [parts(summary)]),
      ...(summary.kinds.length === 0 ? [] : [kinds(summary)]),
      worst(summary),
      { id: 'method', heading: 'How to read this', body: METHOD },
    ],
  });
}

function runsOf({ ours, against, sides }: RetrievalSummary): RunScores[] {
  return [ours, ...(against === undefined ? [] : [against]), ...sides];
}

function lead({ headline, ours, against }: RetrievalSummary): Html {
  const { value, low, high } = ours.scores[headline];
  const interval = `95 % interval ${decimal(low)} to ${decimal(high)}`;
  const first =
    headline === 'nDCG@10'
      ? html`The order of the first ten passages is worth ${decimal(value)} of the ideal one (nDCG@10; ${interval}).`
      : html`The first ten passages hold ${decimal(value)} of all relevant ones (${interval}).`;
  if (against === undefined) return first;
  const difference = against.difference[headline];
  const said = verdict(difference);
  return html`${first} Compared with “${runName(against.configuration, ours.configuration)}”: ${withInterval(difference, signed)}, ${
    said === 'undecided' ? 'no more than chance may give' : `${said}, beyond chance`
  }.`;
}

function found(summary: RetrievalSummary): Section {
  const { set, ours, graded } = summary;
  const runs = runsOf(summary);
  const name = (run: RunScores) => runName(run.configuration, ours.configuration);
  const tiles: readonly MeasureName[] = graded
    ? ['nDCG@10', 'MRR@10', 'microRecall@5', 'microRecall@10', 'microRecall@20']
    : ['microRecall@5', 'microRecall@10', 'microRecall@20', 'nDCG@10', 'MRR@10'];
  const order = graded ? [...TABLE].sort((a, b) => Number(b === 'nDCG@10') - Number(a === 'nDCG@10')) : TABLE;
  return {
    id: 'found',
    heading: 'What is found',
    body: html`<div class="tiles">${tiles.map((tile) => {
      const { value, low, high } = ours.scores[tile];
      return html`<div class="tile"><span>${tile}</span><b>${decimal(value)}</b><span>${decimal(low)} to ${decimal(high)}</span></div>`;
    })}</div>
${recallCurves({
  curves: runs.slice(0, 4).map((run) => ({ name: name(run), points: recallCurve(set, run.rankings) })),
  caption:
    'Share of all relevant passages among the first k (micro recall). The bands are 95 % intervals; bands that overlap do not mean that there is no difference, as the questions are the same.',
})}
<div class="scroll"><table><caption>All measures, with 95 % intervals</caption>
<thead><tr><th scope="col"></th>${runs.map((run) => html`<th scope="col">${name(run)}</th>`)}</tr></thead>
<tbody>${order.map((measure) => html`<tr><th scope="row">${measure}</th>${runs.map(({ scores }) => figure(scores[measure]))}</tr>\n`)}</tbody></table></div>`,
  };
}

function figure({ value, low, high }: Measure): Html {
  return html`<td class="number">${decimal(value)}<small>${decimal(low)} to ${decimal(high)}</small></td>`;
}

function comparison(summary: RetrievalSummary, against: NonNullable<RetrievalSummary['against']>): Section {
  const name = runName(against.configuration, summary.ours.configuration);
  return {
    id: 'comparison',
    heading: 'What improved, what got worse',
    body: html`${intervalBars({
      bars: TABLE.map((measure) => ({ label: measure, measure: against.difference[measure] })),
      caption: `${describeConfiguration(summary.ours.configuration)} less ${describeConfiguration(against.configuration)}, on the same questions. Right of zero is better.`,
      differences: true,
    })}
${changeList(summary, against, name)}`,
  };
}

const OF_PARTS: readonly MeasureName[] = [
  'microRecall@5',
  'microRecall@10',
  'microRecall@20',
  'nDCG@10',
  'MRR@10',
];

function parts({ parts: all, headline }: RetrievalSummary): Section {
  return {
    id: 'parts',
    heading: 'What each part adds',
    body: html`${intervalBars({
      bars: all.map(({ part, difference }) => ({
        label: PARTS[part],
        note: part,
        measure: difference[headline],
      })),
      caption: `${headline} of the whole less ${headline} without the part, on the same questions. Right of zero: the part helps.`,
      differences: true,
    })}
<div class="scroll"><table><caption>The same by other measures</caption>
<thead><tr><th scope="col">without</th>${OF_PARTS.map((measure) => html`<th scope="col">${measure}</th>`)}</tr></thead>
<tbody>${all.map(({ part, difference }) => html`<tr><th scope="row">${part}</th>${OF_PARTS.map((measure) => change(difference[measure]))}</tr>\n`)}</tbody></table></div>`,
  };
}

function change(measure: Measure): Html {
  return html`<td class="number">${signed(measure.value)}${word(measure)}<small>${signed(measure.low)} to ${signed(measure.high)}</small></td>`;
}

function kinds({ kinds: all, headline, against, ours }: RetrievalSummary): Section {
  const bars = all.map(({ aspect, kind, n, score }) => ({ group: aspect, label: kind, n, measure: score }));
  return {
    id: 'kinds',
    heading: 'By kind of question',
    body: html`${intervalBars({ bars, caption: `${headline} by kind of question; kinds of fewer than five stand together as others. An interval without width means that all questions of the kind scored alike, not that the value is certain.`, differences: false })}
${
  against === undefined
    ? ''
    : html`<h3>The difference by kind</h3>${intervalBars({
        bars: all.flatMap(({ aspect, kind, n, difference }) =>
          difference === undefined ? [] : [{ group: aspect, label: kind, n, measure: difference }],
        ),
        caption: `${headline}: ours less ${runName(against.configuration, ours.configuration)}. With this many rows, one in twenty lies beyond zero by chance alone.`,
        differences: true,
      })}`
}`,
  };
}

function worst(summary: RetrievalSummary): Section {
  const { ours } = summary;
  const columns = runsOf(summary).map((run) => ({
    name: runName(run.configuration, ours.configuration),
    rankings: run.rankings,
  }));
  return {
    id: 'worst',
    heading: 'The worst questions',
    body: caseList(summary, columns),
  };
}

const METHOD = html`<dl>
<dt>micro recall at k</dt><dd>Of all relevant passages of all questions, the share that is among the first k found for their question. Macro recall is the mean of every question’s own share.</dd>
<dt>hit at k</dt><dd>Share of the questions with at least one relevant passage among the first k.</dd>
<dt>nDCG at 10</dt><dd>How near the order of the first ten is to the ideal one, with relevance grades where the judgements have them.</dd>
<dt>MRR at 10</dt><dd>Mean of one over the place of the first relevant passage.</dd>
<dt>interval</dt><dd>95 % percentile bootstrap over the questions. Differences are paired: both sides answer the same questions in every resample. A difference is called better or worse only when its whole interval lies on one side of zero.</dd>
<dt>place</dt><dd>Where a passage stands in a ranking; a dash means that it is not among the first ${RANKING_DEPTH}.</dd>
</dl>`;
