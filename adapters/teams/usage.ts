// The few words the adapter says by itself: welcome, help, busy.

/** Sent once when the bot is added to a chat or a team. */
export const WELCOME = [
  "Hello! I answer questions from your team's documents, and show where each answer comes from.",
  '',
  'In a private chat just ask. In a channel or a group chat, mention me first. Say **help** for a little more.',
].join('\n');

/** The answer to `help`. */
export const USAGE = [
  '**How to ask**',
  '',
  '- In a private chat: write your question.',
  '- In a channel or a group chat: mention me, then your question. I answer in the same thread.',
  '- `ask` before the question works too, and changes nothing.',
  '',
  'Each `[n]` in an answer names a source, listed below it. When the documents do not hold the answer, I say so.',
].join('\n');

/** The question was not taken, because too many wait. Teams would show nothing for a refused delivery. */
export const BUSY =
  'Too many questions are waiting, so this one was not taken. Please ask again in a minute.';

/** The question was not taken, because the process is about to end. */
export const STOPPING =
  'The bot is being restarted, so this question was not taken. Please ask again in a minute.';

/** The question was not taken, because it could not be stored. */
export const UNAVAILABLE =
  'The bot cannot take questions at the moment, so this one was not taken. Please ask again in a few minutes.';

/** Said instead of an answer that may be shown already: the process died while it was being sent, or Teams did not confirm it. */
export const IN_DOUBT =
  'The bot was interrupted while it was sending the answer. If you cannot see it above, please ask again.';
