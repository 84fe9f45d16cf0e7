// Text to HTML: what is put into a template is escaped, unless a template made it.

export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toString(): string {
    return this.source;
  }
}

type Part = string | number | Html | readonly Html[];

/** Tag for templates whose values stand in text or in quoted attributes: html`<p title="${title}">${text}</p>`. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(
    strings.map((string, at) => string + (at < values.length ? write(values[at]) : '')).join(''),
  );
}

function write(value: Part | undefined): string {
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return value.map(write).join('');
  return escapeText(String(value ?? ''));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, which HTML does not allow, become the sign for what cannot be shown. */
function escapeText(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
  );
}
