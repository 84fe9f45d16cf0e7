// The model card: README.md of a model folder, as the Hugging Face hub and people read it.
import type { EncoderTraits } from './model-catalogue.js';
import { KNOWN_MODELS } from './model-catalogue.js';

export interface CardFacts {
  readonly name: string;
  /** The model this one was tuned from; null for a base model. */
  readonly base: string | null;
  /** SPDX identifier. */
  readonly licence: string;
  readonly source: string;
  readonly traits: EncoderTraits;
  readonly dimensions: number;
  /** Markdown for the body: what the model was trained on, its figures, the date. Never text of a document. */
  readonly card?: string;
}

/** A quoted string is the same in YAML and JSON. */
const quoted = (text: string) => JSON.stringify(text);

/** Header in YAML with the names of the hub (huggingface.co/docs/hub/model-cards), then `card`, then how the model is used. */
export function modelCard(facts: CardFacts): string {
  const { name, base, licence, source, traits, dimensions, card } = facts;
  const repository = KNOWN_MODELS.find((model) => model.name === (base ?? name))?.hub.repository ?? base;
  const header = [
    `license: ${quoted(licence.toLowerCase())}`,
    ...(repository === null ? [] : [`base_model: ${quoted(repository)}`]),
    'library_name: sentence-transformers',
    'pipeline_tag: sentence-similarity',
    'tags: [sentence-transformers, sentence-similarity, feature-extraction, transformers.js, chipwright]',
  ];
  return [
    `---\n${header.join('\n')}\n---`,
    `# ${name}`,
    base === null
      ? `An encoder for searching documents, as published; the weights are those of ${source}.`
      : `An encoder for searching documents, tuned by Chipwright from ${base}.`,
    ...(card === undefined ? [] : [card.trim()]),
    '## Use',
    `Vectors have ${dimensions} numbers and length 1; compare them by their dot product. Texts are cut at ${traits.maxTokens} tokens.`,
    `With sentence-transformers, which knows the prefixes:\n\n${PYTHON}`,
    `With transformers.js${prefixAdvice(traits)}:\n\n${javascript(traits)}`,
  ]
    .join('\n\n')
    .concat('\n');
}

const PYTHON = `\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
questions = model.encode_query(["Where is clock skew reported?"])
passages = model.encode_document(["report_clock_skew prints the skew of each clock."])
print(model.similarity(questions, passages))
\`\`\``;

function prefixAdvice({ queryPrefix, passagePrefix }: EncoderTraits): string {
  const said = [
    ...(queryPrefix === '' ? [] : [`\`${queryPrefix}\` before each question`]),
    ...(passagePrefix === '' ? [] : [`\`${passagePrefix}\` before each passage`]),
  ];
  return said.length === 0 ? '' : ` (put ${said.join(' and ')})`;
}

const javascript = ({ pooling }: EncoderTraits) => `\`\`\`js
import { env, pipeline } from '@huggingface/transformers';

env.localModelPath = 'path/to/the/folder/of/models';
env.allowRemoteModels = false;
const encode = await pipeline('feature-extraction', 'name-of-this-folder', { dtype: 'fp32' });
const passages = await encode(['report_clock_skew prints the skew of each clock.'], { pooling: '${pooling}', normalize: true });
\`\`\``;
