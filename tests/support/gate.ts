// Stands before a server and can be shut: for tests of what happens when a server is down, hangs or refuses, and comes back.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `reset`: every connection is destroyed. `hang`: nothing is answered. A number: that status, with an empty body. */
export type GateState = 'open' | 'reset' | 'hang' | number;

export interface Gate {
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests so far, whatever became of them. */
  readonly requests: number;
  set(state: GateState): void;
  close(): Promise<void>;
}

/** `target`: address of the server behind it; a function tells it anew for each request. */
export async function startGate(target: string | (() => string), first: GateState = 'open'): Promise<Gate> {
  let state = first;
  let requests = 0;
  const server = createServer((message, response) => {
    requests++;
    if (state === 'hang') return;
    if (state === 'reset') message.socket.destroy();
    else if (state === 'open') pass(typeof target === 'string' ? target : target(), message, response);
    else response.writeHead(state, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    set(next) {
      state = next;
      // Who hung would not notice the change.
      server.closeAllConnections();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(target: string, message: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = message;
  const onward = request(`${target}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  message.pipe(onward);
}
