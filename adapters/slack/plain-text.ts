// Slack's message text -> what the person wrote: mentions and links as words, entities unescaped, the bot's name removed.

/** Code as Slack marks it: three backticks over any lines, or one backtick inside a line. */
const CODE = /```[\s\S]*?```|`[^`\n]+`/g;

/** Whether the bot is mentioned in prose. A mention that stands inside code only is quoted, not meant. */
export function mentions(text: string, botUserId: string): boolean {
  return mentionOf(botUserId).test(text.replace(CODE, ' '));
}

/** Whether the message opens by addressing a person: then it is meant for that person, not for the bot. */
export function opensWithMentionOfAnother(text: string, botUserId: string): boolean {
  const first = /^\s*<@([A-Z0-9]+)/.exec(text);
  return first !== null && first[1] !== botUserId;
}

/** The text as plain words in NFC, without the bot's mentions in prose. Code keeps what it says. */
export function plainText(text: string, botUserId: string): string {
  let prose = '';
  let from = 0;
  for (const code of text.matchAll(CODE)) {
    prose += withoutMention(text.slice(from, code.index), botUserId) + code[0];
    from = code.index + code[0].length;
  }
  prose += withoutMention(text.slice(from), botUserId);
  return readable(prose)
    .trim()
    .replace(/^[:,]\s*/, '')
    .normalize('NFC');
}

function mentionOf(userId: string): RegExp {
  return new RegExp(`<@${userId}(?:\\|[^>]{0,200})?>`);
}

/** Cut at the mentions and joined again; no pattern with spaces around, which a long run of them would make slow. */
function withoutMention(prose: string, botUserId: string): string {
  return prose.split(mentionOf(botUserId)).reduce((left, right) => {
    const before = left.trimEnd();
    const after = right.trimStart();
    if (after === '') return before.replace(/,$/, '') + right;
    if (/^[.;!?]/.test(after)) return before.replace(/,$/, '') + after;
    if (/^[,:]/.test(after) || before === '') return before + after;
    const lineEnds = left.slice(before.length).includes('\n');
    return before + (lineEnds ? '\n' : ' ') + after;
  });
}

/** One pass for both, so that an escaped `&lt;@U1&gt;` stays the text it is. */
function readable(text: string): string {
  return text.replace(/<([^<>\n]+)>|&(amp|lt|gt);/g, (_, inside?: string, entity?: string) =>
    inside === undefined ? ENTITIES[entity as keyof typeof ENTITIES] : words(inside),
  );
}

const ENTITIES = { amp: '&', lt: '<', gt: '>' } as const;

function words(inside: string): string {
  const [target = '', label = ''] = splitOnce(inside, '|');
  const name = label.replace(/&(amp|lt|gt);/g, (_, entity: keyof typeof ENTITIES) => ENTITIES[entity]);
  if (target.startsWith('@')) return name === '' ? '@someone' : `@${name.replace(/^@/, '')}`;
  if (target.startsWith('#')) return name === '' ? '#channel' : `#${name.replace(/^#/, '')}`;
  if (target.startsWith('!subteam')) return name === '' ? '@group' : `@${name.replace(/^@/, '')}`;
  if (target.startsWith('!')) return name === '' ? `@${target.slice(1)}` : name;
  const url = target.replace(/^mailto:/, '').replaceAll('&amp;', '&');
  return name === '' ? url : name;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
