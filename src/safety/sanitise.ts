// The only way to text that may be shown: no URL, no image, no HTML, no mention.

declare const safe: unique symbol;

/** Markdown that went through `sanitise`. Adapters accept no other text. */
export type SafeMarkdown = string & { readonly [safe]: true };
