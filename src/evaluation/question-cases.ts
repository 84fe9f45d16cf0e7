// Single questions in a report: what was expected, where it was found, and what was found instead.
import type { CorpusEntry, EvaluationSet } from './data-set.js';
import { decimal } from './figures.js';
import { type Html, html } from './html.js';
import { questionScores, type Rankings } from './retrieval-evaluation.js';
import type { RetrievalSummary } from './retrieval-summary.js';

/** A ranking that passages are looked up in. */
export interface Column {
  readonly name: string;
  readonly rankings: Rankings;
}

const CASES = 20;
const CHANGES = 8;
/** Relevant passages shown of a question, and what was found instead. */
const EXPECTED = 6;
const INSTEAD = 3;

/** Characters shown of what may be of any length. */
const LENGTH = { question: 400, title: 120, text: 220 };

/** The questions with the lowest scores, worst first; ties go by nDCG. */
export function caseList(summary: RetrievalSummary, columns: readonly Column[]): Html {
  const { set, ours, questions } = summary;
  const order = questionScores('nDCG@10', set, ours.rankings);
  const worst = questions
    .map(({ ours: value }, at) => ({ at, value, order: order[at] ?? 0 }))
    .filter(({ value }) => value < 1)
    .sort((a, b) => a.value - b.value || a.order - b.order || a.at - b.at);
  if (worst.length === 0)
    return html`<p>There is none: every question finds all it should among its first passages.</p>`;
  const shown = worst.slice(0, CASES);
  const byId = new Map(set.corpus.map((entry) => [entry.id, entry]));
  return html`<p>${worst.length} of ${questions.length} questions miss something; ${
    shown.length === worst.length ? 'here they are' : `here are the ${shown.length} worst`
  }, with the place of every passage on each side of the search.</p>
${shown.map(({ at, value }) => caseOf(set, at, columns, byId, html`${scoreName(summary)} ${decimal(value)}`))}`;
}

/** What improved and what got worse against the other side, with examples. */
export function changeList(
  summary: RetrievalSummary,
  against: NonNullable<RetrievalSummary['against']>,
  name: string,
): Html {
  const { set, ours, questions } = summary;
  const changes = questions.map(({ ours: a, against: b = 0 }, at) => ({ at, a, b, change: a - b }));
  const better = changes
    .filter(({ change }) => change > 0)
    .sort((a, b) => b.change - a.change || a.at - b.at);
  const worse = changes.filter(({ change }) => change < 0).sort((a, b) => a.change - b.change || a.at - b.at);
  const byId = new Map(set.corpus.map((entry) => [entry.id, entry]));
  const columns = [
    { name: 'ours', rankings: ours.rankings },
    { name, rankings: against.rankings },
  ];
  const list = (all: typeof changes) =>
    all
      .slice(0, CHANGES)
      .map(({ at, a, b }) =>
        caseOf(set, at, columns, byId, html`${scoreName(summary)} ${decimal(b)} → ${decimal(a)}`),
      );
  return html`<p>${better.length} questions got better, ${worse.length} got worse, ${
    questions.length - better.length - worse.length
  } stayed as they were (${scoreName(summary)}).</p>
${better.length === 0 ? '' : html`<h3>What improved most</h3>${list(better)}`}
${worse.length === 0 ? '' : html`<h3>What got worse most</h3>${list(worse)}`}`;
}

function scoreName({ graded }: RetrievalSummary): string {
  return graded ? 'nDCG@10' : 'recall@10';
}

function caseOf(
  set: EvaluationSet,
  at: number,
  columns: readonly Column[],
  byId: ReadonlyMap<string, CorpusEntry>,
  result: Html,
): Html {
  const question = set.questions[at];
  if (question === undefined) return html``;
  const relevant = [...question.judged].filter(([, grade]) => grade > 0).sort(([, a], [, b]) => b - a);
  const [first] = columns;
  const instead = (first?.rankings[at] ?? [])
    .filter((id) => (question.judged.get(id) ?? 0) <= 0)
    .slice(0, INSTEAD);
  const row = (id: string) =>
    html`<tr><td>${passage(byId.get(id), id)}</td>${columns.map(({ rankings }) => place(rankings[at] ?? [], id))}</tr>\n`;
  return html`<section class="case"><h3 class="quoted">${shorten(question.text, LENGTH.question)}</h3>
<p class="quiet"><small>question ${shorten(question.id, LENGTH.title)} · ${result}</small></p>
<table><thead><tr><th scope="col">expected</th>${columns.map(({ name }) => html`<th scope="col" class="ranks">${name}</th>`)}</tr></thead>
<tbody>${relevant.slice(0, EXPECTED).map(([id]) => row(id))}${
    relevant.length > EXPECTED
      ? html`<tr><td class="quiet" colspan="${columns.length + 1}">and ${relevant.length - EXPECTED} more</td></tr>`
      : ''
  }</tbody>
${instead.length === 0 ? '' : html`<thead><tr><th scope="col" colspan="${columns.length + 1}">found instead</th></tr></thead><tbody>${instead.map(row)}</tbody>`}
</table></section>
`;
}

function place(ranking: readonly string[], id: string): Html {
  const at = ranking.indexOf(id);
  if (at === -1) return html`<td class="ranks">–</td>`;
  return at < 10 ? html`<td class="ranks hit">${at + 1}</td>` : html`<td class="ranks">${at + 1}</td>`;
}

function passage(entry: CorpusEntry | undefined, id: string): Html {
  const title = entry === undefined || entry.title.trim() === '' ? id : entry.title;
  return html`<span class="quoted">${shorten(title, LENGTH.title)}</span><span class="excerpt quoted">${shorten(withoutHeadings(entry?.text ?? ''), LENGTH.text)}</span>`;
}

/** Many passages begin with their headings, which the title has told. */
function withoutHeadings(text: string): string {
  const rest = text.replace(/^(?:\s*#{1,6} [^\n]*\n)+/, '');
  return rest.trim() === '' ? text : rest;
}

/** White space run together, cut at a whole character. */
function shorten(text: string, most: number): string {
  // What is far longer is cut first: a passage may be megabytes.
  const line = text
    .slice(0, most * 8)
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= most
    ? line
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
