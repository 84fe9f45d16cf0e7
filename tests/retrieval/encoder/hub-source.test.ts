// A download from the hub ends with the right files or a clear error, over real sockets.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hubSource } from '../../../src/retrieval/encoder/hub-source.js';
import type { Progress } from '../../../src/retrieval/encoder/model-source.js';
import { type Tensor, writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { tinyKnown, tinyTokenizer, tinyWeights } from './tiny-model.js';

// As on the hub: with a pooler that the encoder does not have, and in another order.
const pooler: [string, Tensor] = ['pooler.dense.bias', { dims: [2], values: Float32Array.of(1, 2) }];
const hubFile = writeSafetensors(new Map([pooler, ...[...tinyWeights(1)].reverse()]));
const model = tinyKnown(hubFile, 'python', { path: 'unused', bytes: hubFile });

type Handler = (request: IncomingMessage, response: ServerResponse, body: Uint8Array) => void;
const plain: Handler = (_, response, body) => response.end(body);

/** Serves the rest from where the request asks. */
const ranged: Handler = (request, response, body) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= body.length) response.writeHead(416).end();
  else
    response
      .writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from })
      .end(body.subarray(from));
};

let downloads: string;
let server: Server;
let handle: Handler;
let requests: { path: string; range: string | undefined }[];

beforeEach(async () => {
  downloads = await mkdtemp(join(tmpdir(), 'hub-test-'));
  requests = [];
  handle = plain;
  server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, range: request.headers.range });
    if (path.endsWith('/tokenizer.json')) plain(request, response, tinyTokenizer);
    else handle(request, response, hubFile);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(downloads, { recursive: true, force: true });
});

function pull(
  options: { onProgress?: (progress: Progress) => void; connectMs?: number; stallMs?: number } = {},
) {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return hubSource({ fetch, endpoint, downloads, ...options }).fetch(model);
}

/** Sends half of what is left and breaks the connection. */
const breaking: Handler = (request, response, body) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from });
  response.write(body.subarray(from, from + Math.ceil((body.length - from) / 2)), () => response.destroy());
};

describe('the hub', () => {
  it('gives the encoder weights in the fixed order, at the pinned revision, and tells how far it is', async () => {
    const progress: Progress[] = [];
    const found = await pull({ onProgress: (step) => progress.push(step) });
    expect(writeSafetensors(found.weights)).toEqual(writeSafetensors(tinyWeights(1)));
    expect(found.tokenizer).toEqual(tinyTokenizer);
    expect(requests.map(({ path }) => path)).toContain('/someone/tiny/resolve/abc123/model.safetensors');
    expect(progress.at(-1)).toMatchObject({
      model: 'tiny',
      file: 'model.safetensors',
      bytes: hubFile.length,
    });
    expect(await readdir(downloads)).toEqual([]);
  });

  it('goes on where a connection broke', async () => {
    handle = (request, response, body) => (requests.length < 3 ? breaking : ranged)(request, response, body);
    const found = await pull();
    expect(writeSafetensors(found.weights)).toEqual(writeSafetensors(tinyWeights(1)));
    expect(requests.at(-1)?.range).toMatch(/^bytes=[1-9]/);
  });

  it('goes on where an earlier run was ended, and starts over when that left nonsense', async () => {
    const part = join(downloads, `${model.hub.weights.sha256}.part`);
    await writeFile(part, hubFile.subarray(0, 1_000));
    handle = ranged;
    await pull();
    expect(requests.at(-1)?.range).toBe('bytes=1000-');
    await writeFile(part, new Uint8Array(1_000));
    await pull();
    await writeFile(part, new Uint8Array(hubFile.length + 5));
    await pull();
    expect(await readdir(downloads)).toEqual([]);
  });

  it('starts over with a server that knows no ranges', async () => {
    await writeFile(join(downloads, `${model.hub.weights.sha256}.part`), hubFile.subarray(0, 1_000));
    const found = await pull();
    expect(writeSafetensors(found.weights)).toEqual(writeSafetensors(tinyWeights(1)));
  });

  it('serves two at once', async () => {
    handle = (request, response, body) => (requests.length < 6 ? breaking : ranged)(request, response, body);
    const both = await Promise.all([pull(), pull()]);
    for (const found of both)
      expect(writeSafetensors(found.weights)).toEqual(writeSafetensors(tinyWeights(1)));
  });

  it('refuses a file with another checksum, and does not keep it', async () => {
    handle = (_, response, body) =>
      response.end(body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte)));
    await expect(pull()).rejects.toMatchObject({ code: 'model_corrupt' });
    expect(await readdir(downloads)).toEqual([]);
  });

  it.each<[string, Handler]>([
    ['has not got the file', (_, response) => response.writeHead(404).end('not here')],
    ['never answers', () => {}],
    ['stops in the middle', (_, response, body) => response.write(body.subarray(0, 100))],
    ['hangs up', (_, response) => response.destroy()],
  ])('says so when it %s', async (_, handler) => {
    handle = handler;
    const error = await pull({ connectMs: 200, stallMs: 200 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'model_missing', cure: expect.stringContaining('HF_ENDPOINT') });
  });
});
