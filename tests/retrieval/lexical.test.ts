// The lexical side: what counts as a term, and what it weighs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkTerms, inverseDocumentFrequency, questionTerms, termsOf } from '../../src/retrieval/lexical.js';

describe('termsOf', () => {
  it.each([
    ['set_input_delay', ['set_input_delay', 'set', 'input', 'set input', 'delai', 'input delai']],
    ['Placing the macros', ['place', 'macro', 'place macro']],
    ['a.b.c', ['a.b.c', 'b', 'c', 'b c']],
    ['std::vector', ['std::vector', 'std', 'vector', 'std vector']],
    ['-hold', ['hold']],
    ['the of and', []],
    ['', []],
    ['net[31:0]', ['net', '31:0', '31', 'net 31', '0', '31 0']],
    ['ＡＢＣ', ['abc']],
    ['Größe', ['größe']],
  ])('%j gives %j', (text, terms) => {
    expect(termsOf(text)).toEqual(terms);
  });

  it('finds an identifier by its parts and by its words, in any case', () => {
    const identifier = new Set(termsOf('REPORT_CHECKS'));
    for (const term of termsOf('report checks')) expect(identifier).toContain(term);
  });

  it('passes over data that looks like a word', () => {
    expect(termsOf('deadbeef'.repeat(40))).toEqual([]);
  });

  it("takes any text without failing, and terms never hold white space but the pair's", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const term of termsOf(text)) expect(term).toMatch(/^\S+( \S+)?$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('weighted terms', () => {
  it('are ascending, each once', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 40 }), (text, headings) => {
        const { ids, weights } = chunkTerms(headings, text);
        expect(weights.length).toBe(ids.length);
        for (let at = 1; at < ids.length; at++) expect(ids[at]).toBeGreaterThan(ids[at - 1] ?? 0);
        for (const weight of weights) expect(weight).toBeGreaterThan(0);
      }),
    );
  });

  it('grow with repetition but never past the saturation of BM25', () => {
    const weightOf = (text: string) => Math.max(...chunkTerms('', text).weights);
    expect(weightOf('clock clock')).toBeGreaterThan(weightOf('clock'));
    expect(weightOf('clock '.repeat(1000))).toBeLessThan(2.2);
  });

  it('weigh a term less in a longer text', () => {
    const [short, long] = ['skew', `skew ${'filler words here '.repeat(200)}`].map((text) => {
      const terms = chunkTerms('', text);
      return terms.weights[terms.ids.indexOf(chunkTerms('', 'skew').ids[0] ?? 0)] ?? 0;
    });
    expect(short).toBeGreaterThan(long ?? 0);
  });

  it('share terms between question and heading, and between question and text', () => {
    const asked = new Set(questionTerms('global routing').ids);
    expect([...chunkTerms('Global routing', 'x').ids].filter((id) => asked.has(id))).toHaveLength(3);
    expect([...chunkTerms('', 'the global routing').ids].filter((id) => asked.has(id))).toHaveLength(3);
  });
});

it('the rarer a term, the more it weighs, and never less than nothing', () => {
  expect(inverseDocumentFrequency(100, 1)).toBeGreaterThan(inverseDocumentFrequency(100, 50));
  expect(inverseDocumentFrequency(100, 100)).toBeGreaterThan(0);
  expect(inverseDocumentFrequency(0, 0)).toBeGreaterThan(0);
});

it('leaves out of a question what is being measured', () => {
  const length = (parts?: Parameters<typeof questionTerms>[1]) =>
    questionTerms('coarse routing grid', parts).ids.length;
  // Three words and two pairs, in two fields.
  expect(length()).toBe(10);
  expect(length({ pairs: false })).toBe(6);
  expect(length({ headings: false })).toBe(5);
  expect(length({ pairs: false, headings: false })).toBe(3);
});
