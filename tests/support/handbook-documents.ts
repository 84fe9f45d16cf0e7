// The handbook as documents to index: enough English for tuning to make its pairs of.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const HANDBOOK = resolve(import.meta.dirname, '../../docs');

/** Path -> text, of every page. */
export const HANDBOOK_DOCUMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(HANDBOOK)
    .filter((name) => name.endsWith('.md'))
    .map((name) => [`docs/${name}`, readFileSync(join(HANDBOOK, name), 'utf8')]),
);
