// The one HTTP server: reads a request whole, hands it to the route, writes the answer.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { HttpRoute } from '../conversation/platform.js';
import { ChipwrightError } from '../errors.js';

/** Bytes. Slack and Teams send far less; more is not a message. */
export const BODY_LIMIT = 1024 * 1024;

/** A client that has not sent its whole request by then is cut off, ms. */
const REQUEST_DEADLINE_MS = 10_000;

/** How often node looks for clients past the deadline, ms; its own default would let them stay half a minute longer. */
const DEADLINE_CHECK_MS = 2_000;

/** At the stop, what is still being answered has this long; then every connection is cut, the silent ones too, ms. */
const STOP_GRACE_MS = 1_000;

export interface RunningServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Answers these paths too from now on; until then they are 404. */
  serve(routes: readonly HttpRoute[]): void;
  /** Takes no new connections, ends the idle ones at once and all others after a short grace; resolves when all are gone. */
  stop(): Promise<void>;
}

/** Rejects with `config_invalid` when the address cannot be listened on. */
export async function startHttpServer(
  first: readonly HttpRoute[],
  options: { readonly host: string; readonly port: number; readonly log: Logger },
): Promise<RunningServer> {
  const { host, port, log } = options;
  const routes = [...first];
  const server = createServer(
    {
      requestTimeout: REQUEST_DEADLINE_MS,
      headersTimeout: REQUEST_DEADLINE_MS,
      connectionsCheckingInterval: DEADLINE_CHECK_MS,
    },
    (request, response) => {
      serve(routes, request, response).catch((error: unknown) => {
        log.error({ err: error, path: pathOf(request) }, 'a request failed');
        if (!response.headersSent) answer(response, 500);
      });
    },
  );
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    serve: (more) => void routes.push(...more),
    stop: () =>
      new Promise((resolve) => {
        const grace = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
        server.close(() => {
          clearTimeout(grace);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function serve(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  const here = routes.filter((route) => route.path === path);
  // A probe by HEAD is answered as GET would be; node leaves the body out.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = here.find((candidate) => candidate.method === method);
  if (here.length === 0) return answer(response, 404);
  if (route === undefined)
    return answer(response, 405, { allow: here.map(({ method }) => method).join(', ') });
  const body = await readBody(request);
  if (body === undefined) return answer(response, 413, { connection: 'close' });
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
  const result = await route.handle({ method: route.method, path, query, headers, body });
  answer(response, result.status, result.headers, result.body);
}

/** Undefined when the body is larger than allowed; the rest of it is then not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = '',
): void {
  response.writeHead(status, headers).end(body);
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?')[0] ?? '/';
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new ChipwrightError(
          'config_invalid',
          taken
            ? `Port ${port} on ${host} is taken.`
            : `The server cannot listen on ${host}:${port} (${cause.code}).`,
          {
            cure: taken ? 'Stop the other program, or set PORT to a free port.' : 'Check HOST and PORT.',
            cause,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}
