// A small manual of an invented tool as a corpus: tables of options, purposes, definitions, conditions, questions; and things that are no manual.
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { chunkTerms, termsOf } from '../../src/retrieval/lexical.js';
import { headingLine } from '../../src/retrieval/passage.js';
import { type Corpus, type CorpusChunk, toCorpus } from '../../src/training/corpus.js';

const DIMENSIONS = 64;

export interface Page {
  readonly path: string;
  readonly title: string;
  readonly source?: string;
  /** Headings, outermost first, and the text below. */
  readonly sections: readonly (readonly [path: readonly string[], text: string])[];
}

/** Vectors of hashed words: texts that share words are near. */
export const wordEncoder: Encoder = {
  id: 'words@1',
  name: 'words',
  dimensions: DIMENSIONS,
  async encode(texts) {
    return texts.map(vectorOf);
  },
  async close() {},
};

function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS).fill(0.01);
  for (const term of termsOf(text)) {
    let hash = 7;
    for (const letter of term) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
    vector[hash % DIMENSIONS] = (vector[hash % DIMENSIONS] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export function corpusOf(pages: readonly Page[], withVectors = true): Corpus {
  const chunks: CorpusChunk[] = pages.flatMap(({ path, title, source = 'manual', sections }) =>
    sections.map(([headings, text], ordinal) => ({
      id: `${path}#${ordinal}`,
      ordinal,
      path: headings,
      text,
      place: { line: 10 * ordinal + 1 },
      document: {
        id: `${source}:${path}`,
        source,
        path,
        title,
        contentHash: path,
        audience: ['public'],
        version: '',
      },
      terms: chunkTerms(headingLine(title, headings), text),
    })),
  );
  const vectors = withVectors
    ? chunks.map(({ text, document, path }) => vectorOf(`${headingLine(document.title, path)} ${text}`))
    : [];
  return toCorpus(chunks, vectors);
}

const TOOLS = [
  ['kiln', 'oven temperature', 'firing curve', 'glaze'],
  ['loom', 'thread tension', 'weave pattern', 'fabric'],
  ['press', 'roller pressure', 'ink profile', 'sheet'],
  ['lathe', 'spindle speed', 'cutting path', 'workpiece'],
  ['still', 'boiler pressure', 'reflux schedule', 'distillate'],
  ['crane', 'hoist speed', 'lifting plan', 'load'],
  ['mill', 'grinding gap', 'feed schedule', 'flour'],
  ['forge', 'hammer force', 'heating cycle', 'billet'],
  ['pump', 'suction head', 'duty cycle', 'coolant'],
  ['saw', 'blade tension', 'cutting list', 'timber'],
  ['oven', 'steam injection', 'baking program', 'dough'],
  ['press brake', 'bending force', 'folding sequence', 'plate'],
] as const;

/** Twelve pages of five sections each, all about different machines. */
export const MANUAL: readonly Page[] = TOOLS.map(([tool, quantity, plan, product]) => {
  const name = tool.replaceAll(' ', '_');
  return {
    path: `${name}.md`,
    title: `The ${tool}`,
    sections: [
      [
        [`set_${name}_limits`],
        `The \`set_${name}_limits\` command sets the largest ${quantity} that the controller of the ${tool} permits during a run. ` +
          `If the ${quantity} exceeds the limit, the controller stops the ${tool} and keeps the ${product} inside. ` +
          `The operator must confirm the alarm before the next run begins.`,
      ],
      [
        [`set_${name}_limits`, 'Options'],
        `| Switch | Description |\n| --- | --- |\n` +
          `| \`-upper\` | Set the upper limit of the ${quantity}. The default is \`90\`. |\n` +
          `| \`-warn_at\` | Share of the ${quantity} at which the operator is warned. |\n` +
          `| \`-no_alarm\` | Flag to skip the audible alarm of the ${tool}. |\n` +
          `| \`-log_file\` | Path to the file in which every change of the ${quantity} is recorded. |`,
      ],
      [
        [`Preparing the ${plan}`],
        `A ${plan} is a list of steps that the ${tool} follows without an operator. ` +
          `Use \`load_${name}_plan\` to read a ${plan} from a text file. To check the ${plan} before the first run, use \`verify_${name}_plan\`. ` +
          `Every step of the ${plan} should leave the ${product} at rest for a minute.`,
      ],
      [
        [`How do I clean the ${tool}?`],
        `Wait until the ${tool} is cold, then remove the ${product} that is left and wash the inside with warm water. ` +
          `When the cover does not open, the safety lock is still engaged. The service interval (SI) of the ${tool} is four weeks.`,
      ],
      [
        ['Background'],
        `The ${tool} was designed for small workshops that make ${product} by hand and want to control the ${quantity} without a computer of their own. ` +
          `Most parts of the ${tool} are made of cast iron, because they have to last for many years of daily use in dusty rooms.`,
      ],
    ],
  };
});

export const FOREIGN: readonly Page[] = Array.from({ length: 10 }, (_, at) => ({
  path: `seite-${at}.md`,
  title: `Seite ${at}`,
  sections: [
    [
      [`Abschnitt ${at}`],
      `Der Befehl Nummer ${at} setzt die höchste Temperatur, die der Ofen während eines Laufs erreichen darf. Wenn sie überschritten wird, hält die Steuerung den Ofen an und meldet einen Fehler mit der Nummer ${at * 7}.`,
    ],
  ],
}));

export const NOISE: readonly Page[] = Array.from({ length: 10 }, (_, at) => {
  const random = seededRandom(at + 1);
  const word = () =>
    Array.from({ length: 3 + Math.floor(random() * 9) }, () =>
      String.fromCharCode(33 + Math.floor(random() * 90)),
    ).join('');
  return {
    path: `dump-${at}.txt`,
    title: `dump ${at}`,
    sections: [[[], Array.from({ length: 120 }, word).join(' ')]],
  };
});
