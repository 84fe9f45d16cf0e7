// What folder and git sources have in common: a checked name, audience and link template.
import { resolve } from 'node:path';
import { ChipwrightError } from '../../src/errors.js';
import { isAudienceTag, PUBLIC } from '../../src/safety/access.js';
import { type LinkTo, linkTemplate } from './link-template.js';

export interface SourceOptions {
  /** Unique among the sources; the folder's full path when left out, so that two folders called `docs` are two sources. */
  readonly name?: string;
  /** Who may read its documents; everybody when left out. */
  readonly audience?: readonly string[];
  /** See `linkTemplate`; no links when left out. */
  readonly linkTemplate?: string;
}

export interface SourceDescription {
  readonly name: string;
  readonly audience: readonly string[];
  readonly version: string;
  readonly linkTemplate: string;
  readonly link: LinkTo | undefined;
}

/** Rejects with `config_invalid` an option that cannot be meant. */
export function describeSource(folder: string, options: SourceOptions, commit: string): SourceDescription {
  const name = options.name ?? resolve(folder);
  const audience = options.audience ?? [PUBLIC];
  if (options.name !== undefined && !/^[^:\s][^:\n]*$/.test(name)) {
    throw invalid(`"${name}" cannot name a source.`, 'Give it a name without a colon, such as docs.');
  }
  const wrong = audience.find((tag) => !isAudienceTag(tag));
  if (audience.length === 0 || wrong !== undefined) {
    throw invalid(
      audience.length === 0 ? `Nobody may read the source "${name}".` : `"${wrong}" cannot name an audience.`,
      'Name at least one audience, in lower case letters, digits, dots, underscores, colons and hyphens.',
    );
  }
  const template = options.linkTemplate ?? '';
  const link = template === '' ? undefined : linkTemplate(template, commit);
  return { name, audience, version: commit, linkTemplate: template, link };
}

function invalid(message: string, cure: string): ChipwrightError {
  return new ChipwrightError('config_invalid', message, { cure });
}
