// Characters that a reader cannot see but a machine obeys: controls, text direction, zero width, tags, fillers.

/**
 * Everything but tab and line feed that has no ink: C0/C1 controls, soft hyphen, Arabic letter mark, Hangul and Khmer
 * fillers, Mongolian and other variation selectors, zero-width and direction marks, interlinear anchors, tag characters
 * and lone surrogates. U+FE0F stays: it only asks for the colour form of an emoji.
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each of them is meant by itself
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  /[\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0e\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\p{Surrogate}]/gu;

/** The text without invisible characters, line ends as `\n`. */
export function stripInvisible(text: string): string {
  return text.replace(/\r\n?|[\u2028\u2029]/g, '\n').replace(INVISIBLE, '');
}
