// The page of a report: one file that needs nothing else, light and dark, on a screen, a telephone and paper.
import { Html, html } from './html.js';

export interface Section {
  /** Also the anchor; lower-case letters and dashes. */
  readonly id: string;
  readonly heading: string;
  readonly body: Html;
}

export interface Report {
  readonly title: string;
  /** One or two sentences: what came out. */
  readonly lead: Html;
  /** What was measured, with what, when: pairs of a word and what it was. */
  readonly facts: readonly (readonly [string, string])[];
  readonly sections: readonly Section[];
}

/** The whole file. Everything from outside must come through `html`, which escapes it. */
export function reportPage({ title, lead, facts, sections }: Report): string {
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
<dl class="facts">${facts.map(([word, what]) => html`<div><dt>${word}</dt><dd>${what}</dd></div>`)}</dl>
<nav aria-label="Sections"><ol>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ol></nav>
</header>
<main>
${sections.map(({ id, heading, body }) => html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>\n${body}</section>\n`)}</main>
</body>
</html>
`}`;
}

/** Series colours: Okabe and Ito's, which people with any kind of colour vision tell apart, darkened or lightened for the ground. */
const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f6f7f9; --ink: #1b1f24; --quiet: #5c6570; --line: #d9dee4;
  --series-1: #0067a5; --series-2: #b8480a; --series-3: #00795a; --series-4: #9a3f78;
  --better: #0067a5; --worse: #b8480a; --undecided: #79828c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --raised: #1d2126; --ink: #e6e9ed; --quiet: #9aa4af; --line: #343b43;
    --series-1: #62b8ee; --series-2: #f2974f; --series-3: #3cc79d; --series-4: #e29ac5;
    --better: #62b8ee; --worse: #f2974f; --undecided: #87919c;
  }
}
@media print {
  :root {
    --ground: #ffffff; --raised: #ffffff; --ink: #000000; --quiet: #444444; --line: #bbbbbb;
    --series-1: #0067a5; --series-2: #b8480a; --series-3: #00795a; --series-4: #9a3f78;
    --better: #0067a5; --worse: #b8480a; --undecided: #777777;
  }
  nav { display: none; }
  section.case, tr, figure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 5rem; max-width: 60rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%; overflow-wrap: anywhere;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 3.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
p, ul, ol { margin: .5rem 0 1rem; max-width: 44rem; }
a { color: var(--series-1); }
.lead { font-size: 1.15rem; max-width: 44rem; }
.quiet, small { color: var(--quiet); }
small { font-size: .82rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem 1.5rem; margin: 1.5rem 0; }
.facts div { min-width: 0; }
dt { color: var(--quiet); font-size: .82rem; }
dd { margin: 0; }
nav ol { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .92rem; max-width: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.tile { background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.7rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: .82rem; color: var(--quiet); }
figure { margin: 1.25rem 0; }
figcaption, caption { text-align: left; color: var(--quiet); font-size: .88rem; padding-bottom: .5rem; max-width: 44rem; }
.scroll { overflow-x: auto; }
.scroll th, .scroll td { overflow-wrap: normal; white-space: nowrap; }
.scroll thead th { white-space: normal; vertical-align: bottom; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { text-align: left; vertical-align: baseline; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--quiet); font-size: .82rem; }
tbody.group th[scope=rowgroup] { font-weight: 600; padding-top: 1.1rem; }
.number { white-space: nowrap; }
td.number small { display: block; line-height: 1.3; }
.curves { max-width: 46rem; }
svg { display: block; overflow: visible; }
.curves svg { width: 100%; height: auto; }
svg text { fill: var(--quiet); font-size: 11px; font-family: inherit; }
svg .name { font-weight: 600; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--quiet); stroke-width: 1; }
svg .curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
svg .band { stroke: none; opacity: .13; }
.s1 { --own: var(--series-1); } .s2 { --own: var(--series-2); } .s3 { --own: var(--series-3); } .s4 { --own: var(--series-4); }
.better { --own: var(--better); } .worse { --own: var(--worse); } .undecided { --own: var(--undecided); }
svg .s1 .curve, svg .s2 .curve, svg .s3 .curve, svg .s4 .curve, svg .whisker { stroke: var(--own); }
svg .band, svg .dot, svg text.name { fill: var(--own); }
svg .whisker { stroke-width: 2; stroke-linecap: round; }
.bars td.plot { width: 38%; min-width: 8rem; padding-right: 0; vertical-align: middle; }
.bars thead th.plot { padding-right: 0; }
.word { color: var(--own); font-weight: 600; }
section.case { border: 1px solid var(--line); border-radius: .4rem; padding: .9rem 1rem .4rem; margin: 1rem 0; }
section.case h3 { margin: 0 0 .25rem; font-weight: 600; }
section.case table { font-size: .88rem; margin: .5rem 0; }
section.case td, section.case th { border-bottom: 0; border-top: 1px solid var(--line); vertical-align: top; }
section.case thead th { border-top: 0; }
.ranks { width: 4.6rem; }
.hit { font-weight: 700; color: var(--series-1); }
.excerpt { display: block; color: var(--quiet); font-size: .82rem; line-height: 1.4; }
.quoted { unicode-bidi: isolate; }
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  svg text { font-size: 15px; }
  svg .plot-axis text { font-size: 11px; }
  .end-value { display: none; }
  table { font-size: .85rem; }
  .bars thead { display: none; }
  .bars tr { display: grid; grid-template-columns: 1fr auto; column-gap: .75rem; border-bottom: 1px solid var(--line); padding: .35rem 0; }
  .bars th, .bars td { border: 0; padding: 0; }
  .bars td.plot { grid-column: 1 / -1; width: auto; padding: .15rem 0; }
  .bars .count::before { content: "n = "; color: var(--quiet); }
  .ranks { width: 3.4rem; }
  section.case { padding: .75rem .75rem .25rem; }
}
`;
