// A small world for the orchestrator: documents, a retriever over them, messages, a reply that remembers.
import { pino } from 'pino';
import type { Answer, Notice } from '../../src/conversation/answer.js';
import type { IncomingMessage } from '../../src/conversation/message.js';
import type { Reply, Status } from '../../src/conversation/reply.js';
import type { Ending, LanguageModel, Prompt } from '../../src/language-model/language-model.js';
import type { OrchestratorTools } from '../../src/orchestrator/orchestrator.js';
import type { Passage } from '../../src/retrieval/passage.js';
import type { Retriever } from '../../src/retrieval/retriever.js';
import { mayRead } from '../../src/safety/access.js';
import { noDirectory } from '../../src/safety/readers.js';
import type { SafeMarkdown } from '../../src/safety/sanitise.js';

export function passage(
  text: string,
  over: Partial<Passage> & { title?: string; audience?: string[]; file?: string } = {},
): Passage {
  const { title = 'Timing guide', audience = ['public'], file = 'timing.md', ...rest } = over;
  return {
    id: `chunk-${text.slice(0, 12)}`,
    ordinal: 0,
    path: ['Checks'],
    text,
    place: { line: 7 },
    href: `https://docs.example.com/${file}#L7`,
    score: 0.9,
    document: {
      id: `docs:${file}`,
      source: 'docs',
      path: file,
      title,
      contentHash: 'h',
      audience,
      version: 'abc123',
    },
    ...rest,
  };
}

/** Gives these passages, as far as they may be read, whatever is asked. Remembers what was asked. */
export function retrieverOf(
  passages: readonly Passage[],
  confidence = 0.9,
): Retriever & { asked: { text: string; tags: readonly string[] }[] } {
  const asked: { text: string; tags: readonly string[] }[] = [];
  return {
    asked,
    async search(text, filter, limit) {
      asked.push({ text, tags: filter.tags });
      const found = passages.filter(({ document }) => mayRead(filter, document.audience)).slice(0, limit);
      return { passages: found, confidence, mode: 'hybrid', timings: { encodeMs: 1, searchMs: 2 } };
    },
  };
}

/** Writes these pieces, then ends as told. Remembers its prompts. */
export function writer(
  pieces: readonly (string | Ending)[],
  end?: unknown,
  over: Partial<LanguageModel> = {},
): LanguageModel & { prompts: Prompt[] } {
  const prompts: Prompt[] = [];
  return {
    name: 'writer',
    quotes: false,
    prompts,
    async *stream(prompt) {
      prompts.push(prompt);
      yield* pieces;
      if (end !== undefined) throw end;
    },
    ...over,
  };
}

/** Quotes the first passage word for word. */
export const quoter: LanguageModel = {
  name: 'extractive',
  quotes: true,
  async *stream({ passages }) {
    if (passages[0] !== undefined) yield `> ${passages[0].text.split('\n')[0]} [1]`;
  },
};

export function message(text: string, over: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    id: 'm1',
    thread: { platform: 'terminal', tenant: 'local', key: 'k' },
    author: { id: 'u1', tenant: 'local', kind: 'human' },
    surface: 'channel',
    addressed: 'mention',
    visibility: 'thread',
    text,
    attachments: [],
    receivedAt: new Date(0),
    attempt: 1,
    address: '',
    ...over,
  };
}

export function tools(over: Partial<OrchestratorTools> = {}): OrchestratorTools {
  let id = 0;
  let time = 0;
  return {
    retriever: retrieverOf([]),
    languageModel: null,
    extractive: quoter,
    directory: noDirectory,
    log: pino({ level: 'silent' }),
    questionMs: 60_000,
    now: () => time++,
    newId: () => `id-${++id}`,
    ...over,
  };
}

/** A reply that keeps what it was given. */
export function recordingReply(
  over: Partial<Reply> = {},
): Reply & { stages: Status[]; drafts: SafeMarkdown[]; answers: Answer[]; notices: Notice[] } {
  const stages: Status[] = [];
  const drafts: SafeMarkdown[] = [];
  const answers: Answer[] = [];
  const notices: Notice[] = [];
  return {
    stages,
    drafts,
    answers,
    notices,
    status: (stage) => void stages.push(stage),
    stream: async (draft) => void drafts.push(draft),
    finish: async (answer) => {
      answers.push(answer);
      return { messageId: 'sent', parts: 1 };
    },
    fail: async (notice) => {
      notices.push(notice);
      return { messageId: 'sent', parts: 1 };
    },
    ...over,
  };
}
