// MyST and Sphinx directives in Markdown, rewritten to plain Markdown line for line, so that line numbers stay true.

const FENCE = /^(\s*)(`{3,}|~{3,}|:{3,})\s*(?:\{([^}\s]*)\}|([A-Za-z][\w-]*))?\s*(.*)$/;
const OPTION = /^\s*:[\w-]+:(?:\s|$)/;

const ADMONITIONS =
  /^(?:note|warning|tip|important|caution|danger|hint|attention|error|info|seealso|todo|deprecated|versionadded|versionchanged)$/;
const CODE =
  /^(?:code-block|code|sourcecode|code-cell|prompt|parsed-literal|math|mermaid|eval-rst|highlight)$/;
/** Navigation, and files that the project holds elsewhere. */
const DROPPED =
  /^(?:toctree|tableofcontents|contents|include|literalinclude|image|raw|index|bibliography|meta)$/;
/** Their arguments say how it looks, not what it says. */
const LAYOUT = /^(?:grid|tab-set|figure|table|list-table|csv-table|div|only|container|hlist|grid-item|\..*)$/;

/** An open fence: its closing line, and what becomes of the lines inside. */
interface Open {
  readonly marker: string;
  readonly inside: 'kept' | 'dropped' | 'directives';
  readonly closing: string;
}

/** As many lines as it was given. Unknown directives keep their argument and body. */
export function rewriteDirectives(lines: readonly string[]): string[] {
  const out: string[] = [];
  const open: Open[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const top = open.at(-1);
    if (top && closes(line, top.marker)) {
      open.pop();
      out.push(top.inside === 'kept' ? line.replace(/\S+/, top.closing) : '');
      continue;
    }
    if (top?.inside === 'kept' || top?.inside === 'dropped') {
      out.push(top.inside === 'kept' ? line : '');
      continue;
    }
    const fence = FENCE.exec(line);
    const indent = fence?.[1] ?? '';
    const marker = fence?.[2];
    const argument = (fence?.[5] ?? '').trim();
    if (marker === undefined || (marker.startsWith('`') && argument.includes('`'))) {
      out.push(/^\(\S+\)=\s*$/.test(line) ? '' : line);
      continue;
    }
    const name = (fence?.[3] ?? (marker.startsWith(':') ? fence?.[4] : undefined))?.toLowerCase();
    if (name === undefined) {
      if (!marker.startsWith(':')) open.push({ marker, inside: 'kept', closing: marker });
      out.push(marker.startsWith(':') ? '' : line);
      continue;
    }
    const options = optionLines(lines, at + 1);
    if (CODE.test(name)) {
      // Its own fence opens below the options, which would be read as code; tildes, as the body may hold backticks.
      const closing = '~'.repeat(marker.length + 5);
      const language = name === 'eval-rst' ? 'rst' : name === 'math' ? 'latex' : argument;
      out.push(...options.map(() => ''), `${indent}${closing}${language}`);
      open.push({ marker, inside: 'kept', closing });
    } else if (DROPPED.test(name)) {
      out.push(name === 'literalinclude' ? fileName(argument) : altText(options), ...options.map(() => ''));
      open.push({ marker, inside: 'dropped', closing: '' });
    } else {
      out.push(indent + label(name, argument), ...options.map(() => ''));
      open.push({ marker, inside: 'directives', closing: '' });
    }
    at += options.length;
  }
  return out;
}

function closes(line: string, marker: string): boolean {
  const rest = line.trim();
  return rest.length >= marker.length && rest === (marker[0] ?? '').repeat(rest.length);
}

/** The lines `:name: value`, or the block between two `---`, that follow a directive's first line. */
function optionLines(lines: readonly string[], from: number): string[] {
  if (/^\s*-{3,}\s*$/.test(lines[from] ?? '')) {
    const end = lines.findIndex((line, at) => at > from && /^\s*-{3,}\s*$/.test(line));
    if (end !== -1 && end - from < 20) return lines.slice(from, end + 1);
  }
  let end = from;
  while (OPTION.test(lines[end] ?? '')) end++;
  return lines.slice(from, end);
}

function altText(options: readonly string[]): string {
  return options.flatMap((line) => /^\s*:alt:\s*(.*)$/.exec(line)?.[1] ?? []).join(' ');
}

/** The file whose text belongs here: the reader can at least look it up. */
function fileName(argument: string): string {
  return argument === '' ? '' : `\`${argument.replace(/^(?:\.{0,2}\/)+/, '')}\``;
}

function label(name: string, argument: string): string {
  if (LAYOUT.test(name)) return '';
  if (!ADMONITIONS.test(name)) return argument === '' ? '' : `**${argument}**`;
  const title = name === 'seealso' ? 'See also' : name.charAt(0).toUpperCase() + name.slice(1);
  return `**${title}:** ${argument}`.trimEnd();
}
