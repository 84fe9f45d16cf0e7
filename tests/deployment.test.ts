// compose.yaml and the Dockerfile: only the bot can be reached, everything is watched, pinned and kept, and no secret is written down.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../src/config.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** The parts of the Compose format that are used. Anything else is a slip. */
const service = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  init: z.boolean().optional(),
  restart: z.literal('unless-stopped'),
  stop_grace_period: z.string(),
  env_file: z.literal('.env').optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()),
  networks: z.array(z.string()),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  healthcheck: z.strictObject({
    test: z.array(z.string()).min(2),
    interval: z.string(),
    timeout: z.string(),
    start_period: z.string(),
    retries: z.number(),
  }),
});
const composeFile = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() }).nullable()),
  volumes: z.record(z.string(), z.null()),
});

const source = read('compose.yaml');
const { services, networks, volumes } = composeFile.parse(parse(source));
const all = Object.entries(services);
const others = all.filter(([name]) => name !== 'chipwright');
const bot = service.parse(services.chipwright);

describe('compose.yaml', () => {
  it('starts the bot, a Qdrant server and PostgreSQL, and lets only the bot be reached', () => {
    expect(Object.keys(services).sort()).toEqual(['chipwright', 'postgres', 'qdrant']);
    expect(bot.ports).toEqual(['127.0.0.1:3000:3000']);
    for (const [name, { ports, networks: own }] of others) {
      expect(ports, name).toBeUndefined();
      for (const network of own) expect(networks[network], name).toEqual({ internal: true });
    }
    expect(bot.networks.some((network) => networks[network]?.internal !== true)).toBe(true);
  });

  it('pins every image to one version', () => {
    for (const [name, { image }] of all) expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
    expect(bot.image.split(':')[1]).toBe(JSON.parse(read('package.json')).version);
  });

  it('keeps all data in volumes, each declared and used', () => {
    const used = all.flatMap(([, { volumes: own }]) => own.map((mount) => mount.split(':')[0] ?? ''));
    const named = used.filter((name) => !name.startsWith('.'));
    expect(named.sort()).toEqual(Object.keys(volumes).sort());
    for (const [name, { volumes: own }] of all) expect(own.length, name).toBeGreaterThan(0);
    for (const mount of bot.volumes.filter((one) => one.startsWith('.'))) expect(mount).toMatch(/:ro$/);
  });

  it('lets the bot wait for what it needs', () => {
    expect(Object.keys(bot.depends_on ?? {}).sort()).toEqual(others.map(([name]) => name).sort());
  });

  it('takes secrets from .env, and says so when one is missing', () => {
    expect(bot.env_file).toBe('.env');
    for (const [name, { environment }] of all) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|KEY|TOKEN|SECRET/.test(key)) expect(value, name).toMatch(/^\$\{\w+:\?[^}]+\}$/);
        expect(value, name).not.toMatch(/:\/\/[^$/]*:[^$/]*@/);
      }
    }
  });

  it('gives the bot settings that it takes', () => {
    const environment = Object.entries(bot.environment).map(
      ([key, value]) => [key, value.replace(/\$\{[^}]+\}/g, 'secret')] as const,
    );
    const config = readConfig({ ...Object.fromEntries(environment), POSTGRES_PASSWORD: 'secret' }, 'test');
    expect(config).toMatchObject({
      dataDir: '/data',
      server: { host: '0.0.0.0', port: 3000 },
      qdrant: { url: 'http://qdrant:6333' },
    });
  });
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const copied = lines.flatMap((line) => {
    const [word, ...rest] = line.split(/\s+/);
    return word === 'COPY' && !line.includes('--from=') ? rest.slice(0, -1) : [];
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const letIn = read('.dockerignore').split('\n');
    expect(copied).toContain('src');
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(letIn).toContain(`!${path}`);
    }
    expect(letIn).toContain('*');
    expect(
      letIn
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1))
        .sort(),
    ).toEqual(copied.toSorted());
  });

  it('builds on a pinned Node.js that the program takes, and runs without rights', () => {
    const bases = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(bases).size).toBe(1);
    const [major = 0, minor = 0] = (/^node:(\d+)\.(\d+)\.\d+-/.exec(bases[0] ?? '') ?? [])
      .slice(1)
      .map(Number);
    const [wantedMajor = 0, wantedMinor = 0] = JSON.parse(read('package.json'))
      .engines.node.replace('>=', '')
      .split('.')
      .map(Number);
    expect(major * 1_000 + minor).toBeGreaterThanOrEqual(wantedMajor * 1_000 + wantedMinor);
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
    expect(last.findLast((line) => line.startsWith('USER'))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
  });

  it('starts the program in the foreground, so that it is told when to stop', () => {
    const [, program = ''] = /^ENTRYPOINT \["node", "\/app\/([^"]+)"\]$/m.exec(lines.join('\n')) ?? [];
    expect(JSON.parse(read('package.json')).bin.chipwright).toBe(program);
  });
});

describe('the health checks', () => {
  const inDockerfile =
    /HEALTHCHECK[^[]*(\[.*\])$/m.exec(read('Dockerfile').replaceAll('\\\n', ' '))?.[1] ?? '[]';
  const ofCompose = (test: readonly string[] | undefined) => (test ?? []).slice(1);
  const checks: [string, string, readonly string[]][] = [
    ['the bot in the Dockerfile', '/livez', z.array(z.string()).parse(JSON.parse(inDockerfile))],
    ['the bot', '/livez', ofCompose(services.chipwright?.healthcheck.test)],
    ['the Qdrant server', '/readyz', ofCompose(services.qdrant?.healthcheck.test)],
  ];

  it.each(checks)('of %s tell a service that answers from one that does not', async (_, path, command) => {
    let status = 200;
    const asked = new Set<string | undefined>();
    const server = createServer((request, response) => {
      asked.add(request.url);
      response.writeHead(status).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const port = String((server.address() as AddressInfo).port);
    const [program = '', ...rest] = command.map((word) => word.replace(/\b(3000|6333)\b/, port));
    const env = { PATH: process.env.PATH, PORT: port };
    const check = () =>
      promisify(execFile)(program, rest, { env }).then(
        () => 'healthy',
        () => 'sick',
      );
    expect(await check()).toBe('healthy');
    status = 503;
    expect(await check()).toBe('sick');
    await new Promise((done) => server.close(done));
    expect(await check()).toBe('sick');
    expect([...asked]).toEqual([path]);
  });
});
