// The report, the table and the JSON of an evaluation: true to the figures, safe with hostile text, and whole in one file.
import { describe, expect, it } from 'vitest';
import { intervalBars, recallCurves } from '../../src/evaluation/charts.js';
import {
  type Configuration,
  describeConfiguration,
  partsAtWork,
  runName,
} from '../../src/evaluation/configuration.js';
import type { EvaluationSet } from '../../src/evaluation/data-set.js';
import { kindsOf } from '../../src/evaluation/question-kinds.js';
import { headlineOf } from '../../src/evaluation/retrieval-evaluation.js';
import { retrievalJson } from '../../src/evaluation/retrieval-json.js';
import { retrievalReport } from '../../src/evaluation/retrieval-report.js';
import { type RetrievalSummary, summarise } from '../../src/evaluation/retrieval-summary.js';
import { terminalTable } from '../../src/evaluation/terminal-table.js';

const HYBRID: Configuration = { model: 'small-encoder', mode: 'hybrid', without: new Set() };
const CONTEXT = {
  files: { corpus: 'c.jsonl', queries: 'q.jsonl', judgements: 'r.jsonl' },
  date: '2026-11-25',
  version: '1.2.3',
};

/** `n` questions about passages of their own, p0 for q0; every second one is about two things. */
function setOf(
  n: number,
  words: Partial<{ question: string; title: string; text: string; grade: number }> = {},
) {
  const {
    question = 'How is the skew set?',
    title = 'Clock',
    text = 'The skew is set so.',
    grade = 1,
  } = words;
  return {
    corpus: Array.from({ length: n }, (_, at) => ({ id: `p${at}`, title: `${title} ${at}`, text })),
    questions: Array.from({ length: n }, (_, at) => ({
      id: `q${at}`,
      text: at % 2 === 0 ? question : `${question} And how are the wires of it drawn again?`,
      judged: new Map([[`p${at}`, 1], ...(at === 0 ? [] : [[`p${at - 1}`, grade] as const])]),
    })),
  } satisfies EvaluationSet;
}

/** Ours finds everything, theirs finds the right passage of every second question only. */
function summaryOf(set: EvaluationSet): RetrievalSummary {
  const right = set.questions.map(({ judged }) => [...judged.keys()]);
  const half = right.map((ids, at) => (at % 2 === 0 ? ids : ['p0', 'p1', 'p2']));
  return summarise(set, {
    ours: { configuration: HYBRID, rankings: half },
    against: { configuration: { ...HYBRID, mode: 'lexical' }, rankings: half.map(() => ['p0']) },
    sides: [{ configuration: { ...HYBRID, mode: 'dense' }, rankings: right }],
    ablation: [
      { part: 'clauses', rankings: half },
      { part: 'lexical', rankings: half.map(() => []) },
    ],
  });
}

const summary = summaryOf(setOf(60));

describe('the report', () => {
  const page = retrievalReport(summary, CONTEXT);

  it('is the same for the same data, and loads nothing', () => {
    expect(retrievalReport(summaryOf(setOf(60)), CONTEXT)).toBe(page);
    expect(page).not.toMatch(/<(?:script|link|img|iframe|object|embed)\b|@import|url\(|https?:\/\//i);
    expect(page).toContain("default-src 'none'");
  });

  it('says what was measured, and has all its sections', () => {
    for (const words of ['2026-11-25', '1.2.3', 'small-encoder, hybrid', '60, with 119 relevant passages'])
      expect(page).toContain(words);
    const targets = [...page.matchAll(/href="#([a-z-]+)"/g)].map(([, id]) => id);
    expect(targets).toEqual(['found', 'comparison', 'parts', 'kinds', 'worst', 'method']);
    for (const id of targets) expect(page).toContain(`<section id="${id}"`);
  });

  it('tells of a failing question what was expected, what came instead, and where each side had it', () => {
    // q5 expects p5 and p4; ours has p0, p1, p2, words have p0 alone, dense has both right.
    const worst = page.split('The worst questions</h2>')[1] ?? '';
    expect(worst).toContain('here are the 20 worst');
    const cases = worst.split('<section class="case">').slice(1);
    expect(cases).toHaveLength(20);
    const [q5] = cases.filter((each) => each.includes('question q5 '));
    expect((q5 ?? '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')).toMatch(
      /expected hybrid lexical dense Clock 5 The skew is set so\. – – 1 Clock 4 .* – – 2 found instead Clock 0 .* 1 1 – /,
    );
  });

  it('counts what got better and what got worse', () => {
    expect(page).toMatch(/\d+ questions got better, 0 got worse, \d+ stayed as they were \(recall@10\)/);
  });

  it('escapes whatever stands in questions, titles, texts, ids and file names', () => {
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u0000\u001b';
    const set = setOf(6, { question: `${evil} how`, title: evil, text: evil });
    const questions = set.questions.map((each) => ({ ...each, id: evil, type: evil }));
    const hostile = retrievalReport(summaryOf({ ...set, questions }), {
      ...CONTEXT,
      files: { corpus: evil, queries: evil, judgements: evil },
    });
    expect(hostile).not.toMatch(/<script|<img/);
    expect([hostile.includes('\u0000'), hostile.includes('\u001b')]).toEqual([false, false]);
    expect(hostile).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    // Outside of text and quoted attributes there is nothing that was not ours.
    expect(hostile.replace(/"[^"]*"/g, '').match(/<[^>]*onerror/)).toBeNull();
  });

  it('stays below a megabyte for hundreds of questions over passages of any size', () => {
    const set = setOf(225, {
      text: 'long '.repeat(20_000),
      title: 'T'.repeat(5_000),
      question: 'why '.repeat(2_000),
    });
    expect(retrievalReport(summaryOf(set), CONTEXT).length).toBeLessThan(1_000_000);
  });

  it('has nothing to complain about where everything is found', () => {
    const set = setOf(3);
    const rankings = set.questions.map(({ judged }) => [...judged.keys()]);
    const perfect = summarise(set, { ours: { configuration: HYBRID, rankings } });
    expect(retrievalReport(perfect, CONTEXT)).toContain('There is none');
  });

  it('puts nDCG first where passages are graded', () => {
    expect(headlineOf(setOf(5))).toBe('microRecall@10');
    const graded = setOf(5, { grade: 3 });
    expect(headlineOf(graded)).toBe('nDCG@10');
    const [first] =
      /class="tile"><span>([^<]+)/.exec(retrievalReport(summaryOf(graded), CONTEXT))?.slice(1) ?? [];
    expect(first).toBe('nDCG@10');
  });
});

describe('the charts', () => {
  const measure = { value: 0.5, low: 0.4, high: 0.6 };

  it('describe themselves to those who cannot see them', () => {
    const points = Array.from({ length: 20 }, (_, at) => ({ value: at / 20, low: 0, high: 1 }));
    const { source } = recallCurves({ curves: [{ name: 'hybrid', points }], caption: 'Recall' });
    expect(source).toMatch(/role="img" aria-label="[^"]*hybrid reaches \.950/);
    expect(source).not.toContain('NaN');
  });

  it('survive a single point, no bars, and differences of nothing', () => {
    expect(
      recallCurves({ curves: [{ name: 'a', points: [{ value: 0, low: 0, high: 0 }] }], caption: '' }).source,
    ).not.toMatch(/NaN|Infinity/);
    for (const bars of [[], [{ label: 'a', measure: { value: 0, low: 0, high: 0 } }]])
      expect(intervalBars({ bars, caption: '', differences: true }).source).not.toMatch(/NaN|Infinity/);
  });

  it('say better only where the whole interval is above zero', () => {
    const said = (low: number, high: number) =>
      intervalBars({
        bars: [{ label: 'a', measure: { value: (low + high) / 2, low, high } }],
        caption: '',
        differences: true,
      }).source;
    expect(said(0.01, 0.1)).toContain('>better<');
    expect(said(-0.1, -0.01)).toContain('>worse<');
    expect(said(0, 0.1)).not.toMatch(/>better<|>worse</);
    expect(
      intervalBars({ bars: [{ label: 'a', measure }], caption: '', differences: false }).source,
    ).not.toContain('>better<');
  });
});

describe('the table for a terminal', () => {
  it('stays within 80 columns and says what better means', () => {
    const table = terminalTable(summary);
    for (const line of table.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(table).toMatch(/^60 questions, 60 passages\nA {2}small-encoder, hybrid\nB {2}lexical\n/);
    expect(table).toMatch(/^microRecall@5 .+ better$/m);
    expect(table).toMatch(/^clauses +\.000 \[ \.000, {2}\.000\]/m);
    expect(table).toMatch(/called better \(worse\) when its whole interval/);
  });

  it('is short for one way of searching', () => {
    const set = setOf(3);
    const table = terminalTable(
      summarise(set, { ours: { configuration: HYBRID, rankings: [['p0'], ['p1'], ['p2']] } }),
    );
    expect(table).toMatch(/^3 questions, 3 passages; small-encoder, hybrid\n\nmicroRecall@1 +\.600 \[/);
    expect(table).not.toContain('better');
  });
});

describe('the JSON', () => {
  it('holds everything, and survives the way through text', () => {
    const result = JSON.parse(JSON.stringify(retrievalJson(summaryOf(setOf(10)))));
    expect(result).toMatchObject({
      mode: 'hybrid',
      encoder: 'small-encoder',
      without: [],
      n: 10,
      headline: 'microRecall@10',
      against: { mode: 'lexical', encoder: null },
      sides: [{ mode: 'dense' }],
      parts: [{ part: 'clauses' }, { part: 'lexical' }],
    });
    expect(result.recallCurve).toHaveLength(20);
    expect(result.recallCurve[9]).toEqual(result['microRecall@10']);
    expect(result.questions[0]).toEqual({
      id: 'q0',
      ours: 1,
      against: 1,
      found: ['p0'],
      foundByAgainst: ['p0'],
    });
  });
});

describe('configurations', () => {
  it('name what tells them apart', () => {
    const lexical: Configuration = { ...HYBRID, mode: 'lexical' };
    expect(describeConfiguration({ ...HYBRID, without: new Set(['pairs', 'clauses']) })).toBe(
      'small-encoder, hybrid, without clauses, pairs',
    );
    expect(runName(HYBRID, HYBRID)).toBe('hybrid');
    expect(runName(lexical, HYBRID)).toBe('lexical');
    expect(runName({ ...HYBRID, model: 'other' }, HYBRID)).toBe('other');
    expect(runName(HYBRID, { ...HYBRID, without: new Set(['pairs']) })).toBe('without nothing');
  });

  it('switch off only what is at work', () => {
    expect(partsAtWork({ ...HYBRID, mode: 'lexical' })).toEqual(['pairs', 'headings', 'collapse']);
    expect(partsAtWork({ ...HYBRID, mode: 'dense' })).not.toContain('lexical');
    expect(partsAtWork({ ...HYBRID, without: new Set(['clauses']) })).not.toContain('clauses');
  });
});

describe('kinds of question', () => {
  const kindsFor = (texts: readonly string[], aspect: string) => {
    const questions = texts.flatMap((text) => Array(5).fill({ id: '', text, judged: new Map([['p', 1]]) }));
    const kinds = kindsOf({ corpus: [], questions }).filter((each) => each.aspect === aspect);
    return texts.map((_, at) => kinds.find((each) => each.at.includes(at * 5))?.kind);
  };

  it('see needs, identifiers, length and the question word', () => {
    expect(
      kindsFor(['How is the clock set and how is it reported?', 'How is the clock set?'], 'Needs'),
    ).toEqual(['several', 'one']);
    expect(
      kindsFor(
        [
          'What does set_units do?',
          'What is `x`?',
          'Which file, e.g. the log, is read?',
          'Is -corner needed?',
        ],
        'Names an identifier',
      ),
    ).toEqual(['yes', 'yes', 'no', 'yes']);
    expect(kindsFor(['Why?', 'Tell me more about it.'], 'Question word')).toEqual(['why', 'none']);
    expect(
      kindsFor(['When the router fails, how is it run again?', 'Where is it?'], 'Question word'),
    ).toEqual(['how', 'where']);
    expect(kindsFor(['Why?', 'so '.repeat(30)], 'Length')).toEqual(['up to 12 words', '25 words and more']);
  });

  it('put kinds of fewer than five questions together, and leave out an aspect that tells nothing apart', () => {
    const kinds = kindsOf(setOf(9));
    const aspects = [...new Set(kinds.map(({ aspect }) => aspect))];
    expect(aspects).toEqual(['Needs', 'Length', 'Relevant passages']);
    for (const aspect of aspects) {
      const own = kinds.filter((each) => each.aspect === aspect);
      expect(own.map(({ kind }) => kind)).toContain('others');
      expect(own.flatMap(({ at }) => at).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });
});
