// The same conversation in a terminal: a line in, an answer out.
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { Admission, Inbox, Platform } from '../../src/conversation/platform.js';
import type { Delivery, Reply, Stage } from '../../src/conversation/reply.js';
import { localMessage } from './local-message.js';
import { renderAnswer, renderNotice } from './render-answer.js';

export interface TerminalParts {
  readonly input: Readable;
  readonly output: Writable;
  /** Whether someone sits there: shows a prompt and what the bot is doing. */
  readonly interactive: boolean;
  readonly now: () => number;
  readonly newId: () => string;
  /** Called when the input ends or the person leaves (`exit`, `quit`, Ctrl-D). */
  readonly onLeave: () => void;
}

const PROMPT = '> ';

const NOT_TAKEN: Readonly<Record<Exclude<Admission, 'accepted' | 'limited'>, string>> = {
  duplicate: 'The bot has this question already.',
  overloaded: 'The bot is busy. Ask again in a moment.',
  draining: 'The bot is stopping.',
  unavailable: 'The bot cannot take questions at the moment. Ask again in a moment.',
};

/** Replies that still know they are finished. One is open at a time; the others are for latecomers. */
const REMEMBERED_REPLIES = 100;
const STAGES: Readonly<Record<Stage, string>> = {
  searching: 'Searching the documents...',
  writing: 'Writing...',
};

export function createTerminalPlatform(parts: TerminalParts): Platform {
  const { input, output, interactive, now, newId, onLeave } = parts;
  const deliveries = new LRUCache<string, Delivery>({ max: REMEMBERED_REPLIES });
  const whenAnswered = new Map<string, () => void>();
  let lines: Interface | undefined;
  let handled = Promise.resolve();
  let leaving = false;

  function write(text: string): void {
    output.write(`${interactive ? '\r\u001b[K' : ''}${text}\n\n`);
  }

  function deliver(id: string, text: string): Delivery {
    const earlier = deliveries.get(id);
    if (earlier !== undefined) return earlier;
    const delivery = { messageId: id, parts: 1 };
    deliveries.set(id, delivery);
    write(text);
    whenAnswered.get(id)?.();
    return delivery;
  }

  async function ask(inbox: Inbox, text: string): Promise<void> {
    const id = `terminal:${newId()}`;
    const answered = new Promise<void>((resolve) => whenAnswered.set(id, resolve));
    const admission = await inbox.accept(localMessage(id, text, now()));
    if (admission === 'accepted' || admission === 'limited') await answered;
    else write(NOT_TAKEN[admission]);
    whenAnswered.delete(id);
  }

  return {
    name: 'terminal',
    routes: [],
    async start(inbox) {
      lines = createInterface({ input, output, terminal: interactive, prompt: PROMPT });
      lines.on('line', (line) => {
        const text = line.trim();
        leaving ||= text === 'exit' || text === 'quit';
        if (leaving) {
          lines?.close();
          return;
        }
        handled = handled.then(async () => {
          if (text !== '') await ask(inbox, text);
          if (interactive) lines?.prompt();
        });
      });
      // Piped input ends before the last answer is out.
      lines.on('close', () => void handled.then(onLeave));
      if (interactive) lines.prompt();
    },
    async stop() {
      lines?.removeAllListeners('close');
      lines?.close();
    },
    async check() {
      return { ok: lines !== undefined, detail: 'this terminal' };
    },
    replyTo(message): Reply {
      return {
        status(status) {
          // Nobody else asks here, so nobody waits for others.
          if (interactive && typeof status === 'string') output.write(`\r\u001b[K${STAGES[status]}`);
        },
        async stream() {},
        async finish(answer) {
          return deliver(message.id, renderAnswer(answer));
        },
        async fail(notice) {
          return deliver(message.id, renderNotice(notice));
        },
      };
    },
  };
}
