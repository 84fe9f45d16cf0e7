// Links to places in documents, from a template such as https://host/org/repo/blob/{commit}/{path}#L{line}.
import { ChipwrightError } from '../../src/errors.js';
import type { Place } from '../../src/retrieval/passage.js';

const FIELDS = ['path', 'commit', 'line', 'endLine', 'page'];

/** The link to `place` in `path`. */
export type LinkTo = (path: string, place: Place) => string;

/**
 * Reads a template. `{path}` and `{commit}` are always known; a part (from `#`, `?` or `&` on) whose `{line}`, `{endLine}`
 * or `{page}` is not known is cut. Rejects with `config_invalid` what would not be a plain https or http link.
 */
export function linkTemplate(template: string, commit: string): LinkTo {
  for (const [, field = ''] of template.matchAll(/\{([^}]*)\}/g)) {
    if (!FIELDS.includes(field)) throw invalid(template, `{${field}} is none of {${FIELDS.join('}, {')}}`);
    if (field === 'commit' && commit === '')
      throw invalid(template, '{commit} is known only for a git source');
  }
  const [head = '', ...parts] = template.split(/(?=[#?&])/);
  const link: LinkTo = (path, place) => {
    const values: Record<string, string | number | undefined> = {
      path: path.split('/').map(encodeURIComponent).join('/'),
      commit,
      ...place,
    };
    const filled = [head, ...parts].flatMap((part) => {
      let known = true;
      const text = part.replace(/\{(\w+)\}/g, (_, field: string) => {
        known &&= values[field] !== undefined;
        return String(values[field] ?? '');
      });
      return known ? [text] : [];
    });
    const url = filled.join('');
    return url.includes('?') ? url : url.replace('&', '?');
  };
  const host = /^https?:\/\/([^/?#{}\\\s]+)(?=[/?#])/.exec(template)?.[1];
  if (host === undefined || !URL.canParse(link('a', { line: 1, endLine: 1, page: 1 }))) {
    throw invalid(template, 'it does not begin with https:// and a fixed host');
  }
  if (host.includes('@')) throw invalid(template, 'a link holds no user name or password');
  if (/\{(?:line|endLine|page)\}/.test(head)) {
    throw invalid(template, '{line}, {endLine} and {page} may stand only behind a #, ? or &');
  }
  return link;
}

function invalid(template: string, why: string): ChipwrightError {
  return new ChipwrightError('config_invalid', `The link template "${template}" cannot be used: ${why}.`, {
    cure: 'Write it like https://host/org/repo/blob/{commit}/{path}#L{line}.',
  });
}
