// The report of a tuning run as a page: what the gate saw, how the models differ, what got better and worse.
import { intervalBars, recallCurves } from '../evaluation/charts.js';
import { decimal, signed, withInterval } from '../evaluation/figures.js';
import { type Html, html } from '../evaluation/html.js';
import { changeList } from '../evaluation/question-cases.js';
import { reportPage, type Section } from '../evaluation/report-page.js';
import { type MeasureName, recallCurve } from '../evaluation/retrieval-evaluation.js';
import { type Run, summarise } from '../evaluation/retrieval-summary.js';
import type { JudgedCandidate, NamedSet, SetResult } from './candidates.js';
import { kindsOf } from './training-example.js';
import type { TuneOutcome } from './tune.js';

export interface TuningContext {
  /** Name of the tuned model, of its base, and of the model in use until now. */
  readonly name: string;
  readonly base: string;
  readonly inUse: string;
  readonly published: boolean;
  /** `2026-11-25` */
  readonly date: string;
  readonly version: string;
}

const MEASURES: readonly MeasureName[] = [
  'microRecall@5',
  'microRecall@10',
  'microRecall@20',
  'nDCG@10',
  'MRR@10',
];

export function tuningReport(outcome: TuneOutcome, context: TuningContext): string {
  const { chosen, judged, sets, training, examples } = outcome;
  const shown = chosen ?? judged[0];
  const kinds = kindsOf(examples);
  return reportPage({
    title: `Tuning of ${context.base}`,
    lead:
      chosen === undefined
        ? html`No tuned model was measurably better than the one in use, so nothing was changed.`
        : html`The model ${context.name} (${chosen.candidate.label}) ${
            context.published ? 'answers from now on' : 'would be published'
          }. ${chosen.verdict.reasons.join(' ')}`,
    facts: [
      ['Learnt from', `${examples.length} pairs`],
      [
        'Training',
        `${training.steps} steps, ${training.tokens} tokens, ${Math.round(training.seconds / 60)} min`,
      ],
      ['In use before', context.inUse],
      ['Date', context.date],
      ['Chipwright', context.version],
    ],
    sections: [
      ...(shown === undefined ? [] : sets.map((set) => setSection(set, shown, context))),
      { id: 'candidates', heading: 'What the gate said', body: gateList(judged) },
      { id: 'pairs', heading: 'What was learnt from', body: kindTable(kinds) },
      { id: 'method', heading: 'How to read this', body: METHOD },
    ],
  });
}

function setSection(
  { name, set }: NamedSet,
  { candidate, results }: JudgedCandidate,
  context: TuningContext,
): Section {
  const own = results.filter((result) => result.set === name);
  const label = candidate.label;
  return {
    id: name.replace(/[^a-z]+/g, '-'),
    heading: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
    body: html`<p>${set.questions.length} questions over ${set.corpus.length} passages.</p>
${recallCurves({
  curves: own.flatMap(({ mode, inUse, candidate: after }) => [
    { name: `${mode}, ${label}`, points: recallCurve(set, after.rankings) },
    { name: `${mode}, in use`, points: recallCurve(set, inUse.rankings) },
  ]),
  caption: 'Share of all relevant passages among the first k. The bands are 95 % intervals.',
})}
${intervalBars({
  bars: own.flatMap(({ mode, difference }) =>
    MEASURES.map((measure) => ({ label: measure, group: mode, measure: difference[measure] })),
  ),
  caption: `Change against ${context.inUse}, paired, with 95 % intervals.`,
  differences: true,
})}
${figures(own, label)}
${own.map((result) => html`<h3>Single questions, ${result.mode}</h3>${changes(set, result, context)}`)}`,
  };
}

function figures(results: readonly SetResult[], label: string): Html {
  return html`<div class="scroll"><table><caption>All figures</caption>
<thead><tr><th scope="col"></th>${MEASURES.map((measure) => html`<th scope="col">${measure}</th>`)}</tr></thead>
<tbody>${results.flatMap(({ mode, inUse, candidate, difference }) => [
    html`<tr><th scope="row">${mode}, in use</th>${MEASURES.map((m) => html`<td class="number">${decimal(inUse.scores[m].value)}</td>`)}</tr>`,
    html`<tr><th scope="row">${mode}, ${label}</th>${MEASURES.map((m) => html`<td class="number">${decimal(candidate.scores[m].value)}</td>`)}</tr>`,
    html`<tr><th scope="row">${mode}, change</th>${MEASURES.map((m) => html`<td class="number">${withInterval(difference[m], signed)}</td>`)}</tr>`,
  ])}</tbody></table></div>`;
}

function changes(set: NamedSet['set'], { mode, inUse, candidate }: SetResult, context: TuningContext): Html {
  const run = (model: string, rankings: SetResult['inUse']['rankings']): Run => ({
    configuration: { model, mode, without: new Set() },
    rankings,
  });
  const summary = summarise(set, {
    ours: run(context.name, candidate.rankings),
    against: run(context.inUse, inUse.rankings),
    sides: [],
    ablation: [],
  });
  return summary.against === undefined ? html`` : changeList(summary, summary.against, 'in use');
}

function gateList(judged: readonly JudgedCandidate[]): Html {
  return html`<ul>${judged.map(
    ({ candidate, verdict }) =>
      html`<li><b>${candidate.label}</b>: ${verdict.publish ? 'passes' : 'does not pass'}. ${verdict.reasons.join(' ')}</li>`,
  )}</ul>`;
}

function kindTable(kinds: readonly (readonly [string, number])[]): Html {
  return html`<table><thead><tr><th scope="col">Kind of question</th><th scope="col">Pairs</th></tr></thead>
<tbody>${kinds.map(([kind, count]) => html`<tr><th scope="row">${kind}</th><td class="number">${count}</td></tr>`)}</tbody></table>`;
}

const METHOD = html`<p>A candidate is published only when it is better on one of the judging sets, by vectors alone or in the hybrid, with a 95 %
interval above zero, when no interval lies below zero, and when nDCG@10 on general questions has not fallen by more than .01. The questions
of held-out documents are made like those that were learnt from, so they flatter a tuned model: your own questions
(<code>chipwright eval make-questions</code>) tell more.</p>`;
