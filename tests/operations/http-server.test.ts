// The HTTP server over real sockets: what reaches a route, and what does not.
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpRequest, HttpRoute } from '../../src/conversation/platform.js';
import { BODY_LIMIT, type RunningServer, startHttpServer } from '../../src/operations/http-server.js';

const log = pino({ level: 'silent' });
let server: RunningServer | undefined;
let seen: HttpRequest[] = [];

async function start(routes?: readonly HttpRoute[]): Promise<string> {
  seen = [];
  const echo: HttpRoute = {
    method: 'POST',
    path: '/echo',
    async handle(request) {
      seen.push(request);
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: request.body };
    },
  };
  server = await startHttpServer(routes ?? [echo], { host: '127.0.0.1', port: 0, log });
  return `http://127.0.0.1:${server.port}`;
}

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

describe('the server', () => {
  it('hands the raw body, the query and the headers to the route of that path and method', async () => {
    const at = await start();
    const body = Buffer.from([0, 255, 10, 13]);
    const response = await fetch(`${at}/echo?a=1`, { method: 'POST', body, headers: { 'X-Any': 'Value' } });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(body);
    expect(seen[0]?.query.get('a')).toBe('1');
    expect(seen[0]?.headers['x-any']).toBe('Value');
  });

  it('joins doubled headers, so that no route sees only one of them', async () => {
    const at = await start();
    await fetch(`${at}/echo`, {
      method: 'POST',
      headers: [
        ['x-two', 'a'],
        ['x-two', 'b'],
      ],
    });
    expect(seen[0]?.headers['x-two']).toBe('a, b');
  });

  it.each([
    ['GET', '/echo', 405],
    ['POST', '/other', 404],
    ['GET', '/', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const at = await start();
    expect((await fetch(`${at}${path}`, { method })).status).toBe(status);
    expect(seen).toHaveLength(0);
  });

  it('takes a body up to the limit and refuses one byte more', async () => {
    const at = await start();
    const send = (size: number) => fetch(`${at}/echo`, { method: 'POST', body: Buffer.alloc(size) });
    expect((await send(BODY_LIMIT)).status).toBe(200);
    expect((await send(BODY_LIMIT + 1)).status).toBe(413);
    expect(seen).toHaveLength(1);
  });

  it('refuses a body that grows past the limit without having said so', async () => {
    const at = await start();
    const port = Number(new URL(at).port);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
        const piece = Buffer.alloc(64 * 1024, 97);
        for (let sent = 0; sent <= BODY_LIMIT; sent += piece.length) {
          socket.write(`${piece.length.toString(16)}\r\n`);
          socket.write(piece);
          socket.write('\r\n');
        }
      });
      let text = '';
      socket.on('data', (data) => {
        text += data.toString();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
      setTimeout(() => socket.destroy(), 3_000);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    expect(seen).toHaveLength(0);
  });

  it('answers a route that fails with an empty 500', async () => {
    const at = await start([
      {
        method: 'POST',
        path: '/bad',
        async handle() {
          throw new Error('internal detail');
        },
      },
    ]);
    const response = await fetch(`${at}/bad`, { method: 'POST' });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
  });

  it('stops although a connection that never says anything is open', async () => {
    const port = Number(new URL(await start()).port);
    const silent = connect(port, '127.0.0.1');
    const cut = new Promise((resolve) => silent.on('close', resolve));
    silent.on('error', () => {});
    await new Promise((resolve) => silent.on('connect', resolve));
    await server?.stop();
    server = undefined;
    await cut;
  });

  it('says which port is taken', async () => {
    const at = await start();
    const port = Number(new URL(at).port);
    await expect(startHttpServer([], { host: '127.0.0.1', port, log })).rejects.toMatchObject({
      code: 'config_invalid',
      message: `Port ${port} on 127.0.0.1 is taken.`,
    });
  });
});
