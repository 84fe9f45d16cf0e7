// Whether a message speaks to the bot, and what is left when its name is taken away.
import type { IncomingActivity } from './activity.js';

const AT = /<at\b[^<>]*>([^<]*)<\/at>/gi;
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`|<pre\b[\s\S]*?(?:<\/pre>|$)|<code\b[\s\S]*?(?:<\/code>|$)/gi;

/**
 * True when an entity names the bot and the name stands outside code. Teams marks a mention by an entity; the `<at>` in
 * the text alone is something that anybody can type.
 */
export function mentionsBot(activity: IncomingActivity): boolean {
  if (botMentions(activity).length === 0) return false;
  const text = activity.text ?? '';
  const outside = text.replace(CODE, '');
  return /<at\b/i.test(outside) || !/<at\b/i.test(text);
}

/**
 * The text without the mentions of the bot. botbuilder's own `removeRecipientMention` takes only the first away, and
 * none whose entity has no text. Mentions of people stay, as their names.
 */
export function withoutBotMention(activity: IncomingActivity): string {
  const text = activity.text ?? '';
  const mentions = botMentions(activity);
  if (mentions.length === 0) return namesOnly(text);
  const code: string[] = [];
  // Code is set aside: what stands in it was written, not addressed. U+E000 is private, and nobody types it.
  let open = text.replaceAll('\uE000', '').replace(CODE, (span) => `\uE000${code.push(span) - 1}\uE000`);
  let unnamed = 0;
  for (const { text: tag } of mentions) {
    if (tag?.trim()) open = cutOut(open, tag);
    else unnamed += 1;
  }
  // An entity without text says that a mention is there, but not which: the first ones left over are the bot's.
  for (; unnamed > 0; unnamed -= 1) open = open.replace(/<at\b[^<>]*>[^<]*<\/at>/i, ' ');
  const rest = open.replace(/\uE000(\d+)\uE000/g, (_mark, at: string) => code[Number(at)] ?? '');
  return namesOnly(rest);
}

/** `text` without `tag`, the spaces around each place made one. */
function cutOut(text: string, tag: string): string {
  return text
    .split(tag)
    .map((piece, at, all) => {
      const start = at === 0 ? piece : piece.replace(/^ +/, '');
      return at === all.length - 1 ? start : start.replace(/ +$/, '');
    })
    .join(' ');
}

function botMentions(activity: IncomingActivity) {
  return (activity.entities ?? []).filter(
    ({ type, mentioned }) => type.toLowerCase() === 'mention' && mentioned?.id === activity.recipient.id,
  );
}

function namesOnly(text: string): string {
  return text.replace(AT, '$1');
}
