// Everything the Slack app touches: events, command, shortcut, buttons, methods and the scopes they need.

/** Bot events to subscribe to, as the app manifest names them. The `message.*` four arrive as type `message`. */
export const BOT_EVENTS = [
  'app_mention',
  'message.im',
  'message.channels',
  'message.groups',
  'message.mpim',
  'app_home_opened',
] as const;

/** The types those events carry when they arrive. Any other type is acknowledged and logged. */
export const EVENT_TYPES: ReadonlySet<string> = new Set(
  BOT_EVENTS.map((event) => event.split('.')[0] as string),
);

/** The slash command. Its answer is seen by the asker alone until they share it. */
export const ASK_COMMAND = {
  command: '/ask',
  description: 'Ask a question; only you see the answer until you share it',
  usageHint: 'How do I set the placement density?',
} as const;

/** The message shortcut: the text of the message becomes the question, answered in its thread. */
export const ASK_SHORTCUT = {
  callbackId: 'ask_about_message',
  /** Slack's form takes 24 characters. */
  name: 'Ask Chipwright about it',
  description: 'Answers this message in its thread, from your documents',
} as const;

/** `action_id` of the button under an answer that only the asker sees. */
export const SHARE_ACTION = 'share_answer';

/** `action_id` of the thumbs under an answer. */
export const RATE_ACTION = 'rate_answer';

/** Offered when the conversation with the bot is opened. Slack takes at most four. */
export const SUGGESTED_PROMPTS = [
  { title: 'Add our documents', message: 'How do I index a folder of documents?' },
  { title: 'Read an answer', message: 'What do grounded, partial and refused mean?' },
  { title: 'Use a language model', message: 'How do I set a language model?' },
  { title: 'See who reads what', message: 'Which documents may be used for an answer in a channel?' },
] as const;

/** Bot scopes by Web API method. `auth.test` needs none; history scopes also belong to the message events. */
export const METHOD_SCOPES = {
  'auth.test': [],
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'chat.delete': ['chat:write'],
  'chat.startStream': ['chat:write'],
  'chat.appendStream': ['chat:write'],
  'chat.stopStream': ['chat:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history', 'mpim:history'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history', 'mpim:history'],
  'assistant.threads.setStatus': ['assistant:write'],
  'assistant.threads.setSuggestedPrompts': ['assistant:write'],
  'reactions.add': ['reactions:write'],
  'reactions.remove': ['reactions:write'],
} as const satisfies Record<string, readonly string[]>;

/** A Web API method this adapter calls; nothing else is ever called. */
export type SlackMethod = keyof typeof METHOD_SCOPES;

/** All bot scopes the app asks for: those of the methods, of the mention event and of the command. */
export const BOT_SCOPES: readonly string[] = [
  ...new Set<string>(['app_mentions:read', 'commands', ...Object.values(METHOD_SCOPES).flat()]),
].sort();

/** Where Slack posts events, commands and interactions when Socket Mode is not used. */
export const EVENTS_PATH = '/slack/events';

/** `event_type` of the metadata on every message that answers; it finds a message whose response was lost. */
export const ANSWER_METADATA = 'chipwright_answer';
