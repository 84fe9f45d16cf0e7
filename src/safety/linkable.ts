// What a chat client would make clickable, or ring a bell for, in plain prose, and what is written instead.

/** A place the text may be cut: white space, brackets, quotes, and scripts that are written without spaces. */
const ATOM =
  /[^\s<>|`*()[\]"',\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60]+/gu;

/** `scheme://` and all that follows it; `scheme` is bounded so that the search stays linear. */
const URL_AT = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s<>`|]+/giu;

/** A name with a top-level domain; `README.md` and `net.name` look the same to a chat client. Or four numbers and a port or path. */
const DOTTED = /[\p{L}\p{N}_-]\.\p{L}{2}|(?:^|[^\p{L}\p{N}])www\.|^\d{1,3}(?:\.\d{1,3}){3}[:/]/iu;
const OPAQUE_SCHEME =
  /(?:^|[^a-z])(?:javascript|vbscript|data|file|blob|about|mailto|tel|sms|xmpp|slack|msteams|view-source):\S/iu;

const BROADCAST = /\\?@(?=(?:channel|here|everyone)(?![\p{L}\p{N}]))/giu;
/** Slack's own commands and mentions, `<!here>`, `<@U1>`, `<#C1|name>`, and the Teams mention `<at>`. */
const COMMAND = /<\/?at(?:\s[^<>\n]*)?>|<[@#!][^<>\n]*>/giu;

/** The host of a URL, or nothing when it has none that could be named. */
function hostOf(url: string): string {
  try {
    return new URL(url.replace(/^[a-z0-9+.-]*:/i, 'https:')).hostname.replace(/[^a-z0-9.-]/gi, '');
  } catch {
    return '';
  }
}

/** Whether a chat client would link something in this text or notify a crowd for it. */
export function isLoud(text: string): boolean {
  return quiet(text, (name) => `\`${name}\``) !== text;
}

function isLinkable(atom: string): boolean {
  return DOTTED.test(atom) || OPAQUE_SCHEME.test(atom);
}

/**
 * Prose in which nothing is clickable and nobody is called: a URL is reduced to its host, and the host, like any name
 * with a dot in it, goes through `asCode`; `@here` loses its sign, `<!here>` and `<@U1>` go. Code is the one place that
 * clients do not search for links. `decode` gives what an atom means where the writing has escapes.
 */
export function quiet(
  text: string,
  asCode: (name: string, at: number, whole: string) => string,
  decode: (atom: string) => string = (atom) => atom,
): string {
  // One kind of change at a time: the caller comes back until nothing changes, and each step stays easy to reason about.
  const silent = text.replace(COMMAND, '').replace(BROADCAST, '');
  if (silent !== text) return silent;
  const hosts = text.replace(URL_AT, (url, at: number) => {
    const host = hostOf(url);
    return host === '' ? '' : asCode(host, at, text);
  });
  if (hosts !== text) return hosts;
  return text.replace(ATOM, (atom, at: number) => {
    const plain = /[&\\]/.test(atom) ? decode(atom) : atom;
    if (plain !== atom) return isLoud(plain) ? plain : atom;
    if (!isLinkable(atom)) return atom;
    const [, before = '', name = atom, after = ''] =
      /^([^\p{L}\p{N}_/.$-]*)(.*?)([.:;!?]*)$/su.exec(atom) ?? [];
    return before + asCode(name, at + before.length, text) + after;
  });
}
