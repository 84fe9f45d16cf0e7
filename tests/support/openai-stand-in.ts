// A small server that speaks chat completions, streamed or not, and misbehaves on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** The passages found between the fences of the last message, best first. */
  readonly passages: readonly { readonly marker: number; readonly title: string; readonly text: string }[];
}

/** What the server does with one request. `text` is sent in pieces of a few characters. */
export type Behaviour =
  | {
      readonly as: 'answer';
      readonly text: string;
      readonly finish?: 'stop' | 'length' | 'content_filter';
      readonly usage?: boolean;
    }
  /** One piece each `gapMs`. */
  | { readonly as: 'drip'; readonly text: string; readonly gapMs: number }
  /** Sends the text, then nothing, and keeps the line open. */
  | { readonly as: 'stall'; readonly text: string }
  /** Accepts the request and never answers. */
  | { readonly as: 'hang' }
  /** Sends the text and destroys the socket. */
  | { readonly as: 'cut'; readonly text: string }
  /** Closes the stream in good order, but without a reason to finish and without the last event. */
  | { readonly as: 'unfinished'; readonly text: string }
  | {
      readonly as: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** A body of one's own with status 200. */
  | { readonly as: 'raw'; readonly body: string; readonly type?: string };

export interface OpenAiStandIn {
  /** For the client: ends in `/v1`. */
  readonly baseURL: string;
  readonly requests: readonly StandInRequest[];
  /** What to do from now on; a list is worked off one per request, and its last stays. */
  behave(behaviour: Behaviour | readonly Behaviour[] | ((request: StandInRequest) => Behaviour)): void;
  close(): Promise<void>;
}

/** Says that the first passage holds the answer, in the words of its first sentence. */
export const plainAnswer = ({ passages }: StandInRequest): Behaviour => ({
  as: 'answer',
  text:
    passages.length === 0
      ? 'The passages do not say.'
      : `${passages[0]?.text.split(/(?<=[.!?])\s/)[0]?.replace(/\.$/, '')} [1].`,
});

/**
 * Does what a text in the passages tells it to: writes what follows `write:` word for word, decodes base64 it finds, and
 * repeats each passage whole, so that whatever was planted comes out. Takes luck out of injection tests.
 */
export const obedient = ({ passages }: StandInRequest): Behaviour => {
  const said = passages.flatMap(({ marker, text }) => {
    const order = /write:\s*([\s\S]+)$/i.exec(text)?.[1] ?? '';
    const hidden = (text.match(/\b[A-Za-z0-9+/]{16,}={0,2}/g) ?? []).map((code) =>
      Buffer.from(code, 'base64').toString(),
    );
    return [order, ...hidden, `${text} [${marker}]`];
  });
  // The parts of a payload that was split over several passages meet without anything between them.
  const joined = passages.map(({ text }) => /part:\s*(\S+)/i.exec(text)?.[1] ?? '').join('');
  return { as: 'answer', text: [...said, joined].filter((part) => part !== '').join('\n\n') };
};

/** Starts the server on a free port of the own machine. */
export async function startOpenAiStandIn(
  first: Behaviour | ((request: StandInRequest) => Behaviour) = plainAnswer,
): Promise<OpenAiStandIn> {
  const requests: StandInRequest[] = [];
  let queue: readonly Behaviour[] = [];
  let choose: (request: StandInRequest) => Behaviour = () => ({ as: 'hang' });
  const behave: OpenAiStandIn['behave'] = (behaviour) => {
    queue = Array.isArray(behaviour) ? behaviour : [];
    choose =
      typeof behaviour === 'function'
        ? behaviour
        : () => (Array.isArray(behaviour) ? behaviour.at(-1) : behaviour);
  };
  behave(first);
  const server = createServer((message, response) => {
    // The list of models, which is asked for to see whether the server is there.
    if (message.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"object":"list","data":[]}');
      return;
    }
    void read(message).then((request) => {
      requests.push(request);
      const [next, ...rest] = queue;
      queue = rest;
      return perform(next ?? choose(request), request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    behave,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(message: IncomingMessage): Promise<StandInRequest> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  const body = JSON.parse(Buffer.concat(parts).toString() || '{}');
  const messages = body.messages ?? [];
  const passages = [
    ...(messages.at(-1)?.content ?? '').matchAll(
      /<<<passage \[(\d+)\] (\S+)>>>\n(.*)\n([\s\S]*?)\n<<<end \2>>>/g,
    ),
  ];
  return {
    path: message.url ?? '',
    authorization: message.headers.authorization,
    model: body.model,
    stream: body.stream === true,
    messages,
    passages: passages.map(([, marker, fence, title = '', text = '']) => ({
      marker: Number(marker),
      title,
      // Without the lines between a passage and its context, as a model reads over them.
      text: text
        .split('\n')
        .filter((line: string) => !line.endsWith(` ${fence}>>>`))
        .join('\n'),
    })),
  };
}

async function perform(
  behaviour: Behaviour,
  request: StandInRequest,
  response: ServerResponse,
): Promise<void> {
  if (behaviour.as === 'hang') return;
  if (behaviour.as === 'status') {
    response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers });
    response.end(
      behaviour.body ??
        JSON.stringify({ error: { message: `stand-in ${behaviour.status}`, type: 'stand_in' } }),
    );
    return;
  }
  if (behaviour.as === 'raw') {
    response.writeHead(200, { 'content-type': behaviour.type ?? 'text/event-stream' });
    response.end(behaviour.body);
    return;
  }
  const finish = behaviour.as === 'answer' ? (behaviour.finish ?? 'stop') : 'stop';
  if (!request.stream) {
    const choice = {
      index: 0,
      finish_reason: finish,
      message: { role: 'assistant', content: behaviour.text },
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ id: 'c', object: 'chat.completion', model: request.model, choices: [choice] }),
    );
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (choices: unknown[], usage?: unknown) =>
    response.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: request.model, choices, usage })}\n\n`,
    );
  for (const piece of behaviour.text.match(/[\s\S]{1,12}/g) ?? []) {
    if (response.destroyed) return;
    event([{ index: 0, delta: { content: piece }, finish_reason: null }]);
    if (behaviour.as === 'drip') await new Promise((resolve) => setTimeout(resolve, behaviour.gapMs));
  }
  if (behaviour.as === 'stall') return;
  if (behaviour.as === 'cut') {
    // Let what was written reach the other side first.
    setTimeout(() => response.socket?.destroy(), 20);
    return;
  }
  if (behaviour.as === 'unfinished') {
    response.end();
    return;
  }
  event([{ index: 0, delta: {}, finish_reason: finish }]);
  if (behaviour.as !== 'answer' || behaviour.usage !== false)
    event([], { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
  response.end('data: [DONE]\n\n');
}
