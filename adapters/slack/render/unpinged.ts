// Text that calls nobody, wherever Slack or a client might read a mention into it.

/** An invisible space: the text looks the same and means no mention. */
const APART = '\u200b';

/** Breaks Slack's mention forms (`<!channel>`, `<@U1>`) and the plain `@channel`; code such as `a <!b` stays whole. */
export function unpinged(text: string): string {
  return text
    .replace(/<(?=!(?:channel|here|everyone|subteam|date)\b|@[UWB][A-Z0-9])/g, `<${APART}`)
    .replace(/@(?=(?:channel|here|everyone)\b)/gi, `@${APART}`);
}

/** `unpinged` for Slack's mrkdwn fields, where `&`, `<` and `>` must be escaped. */
export function escaped(text: string): string {
  return wellFormed(unpinged(text)).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * The beginning of a draft, at most `limit` characters, for streaming piece by piece: what was sent must stay the
 * beginning of what follows. So every `@` before a letter is broken, whether or not a name has been completed yet, and
 * half a character at the end waits for its other half.
 */
export function unpingedDraft(text: string, limit: number): string {
  const apart = text.replace(/<(?=[!@#])/g, `<${APART}`).replace(/@(?=\w)/g, `@${APART}`);
  return wellFormed(apart.slice(0, limit).replace(/[\uD800-\uDBFF]$/, ''));
}

/** Half a surrogate pair becomes a replacement character: it cannot be encoded for sending. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\ufffd');
}
