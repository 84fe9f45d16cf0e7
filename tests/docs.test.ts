// The handbook says what the program does: settings, commands, error codes and links, compared both ways.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import type { Code, InlineCode, Link, Nodes, Root, Table } from 'mdast';
import { toString as textOf } from 'mdast-util-to-string';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Shell } from '../src/cli/shell.js';
import { readConfig, VARIABLES } from '../src/config.js';
import { ChipwrightError, ERROR_CODES } from '../src/errors.js';
import { prometheusMetrics } from '../src/operations/prometheus.js';
import { parseMarkdown } from '../src/safety/sanitise.js';

const ROOT = resolve(import.meta.dirname, '..');

interface Page {
  readonly file: string;
  readonly source: string;
  readonly tree: Root;
}

function page(file: string): Page {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return { file, source, tree: parseMarkdown(source) as Root };
}

const handbook = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => page(join('docs', name)));
const pages = [
  ...handbook,
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
    .filter((name) => existsSync(join(ROOT, name)))
    .map(page),
];

function all<T extends Nodes>(node: Nodes, type: T['type']): T[] {
  const below = 'children' in node ? node.children.flatMap((child) => all<T>(child, type)) : [];
  return node.type === type ? [node as T, ...below] : below;
}

/** First cells of the rows of every table whose first column is headed so. */
function firstColumn(file: string, heading: string): string[] {
  return all<Table>(page(file).tree, 'table')
    .filter((table) => textOf(table.children[0]?.children[0]) === heading)
    .flatMap((table) => table.children.slice(1).map((row) => textOf(row.children[0])));
}

/** Every command line of ours in code: `chipwright ingest --name NAME`, with or without `npx`. */
function commandLines({ tree }: Page): string[] {
  const code = [
    ...all<Code>(tree, 'code').flatMap(({ value }) => value.replaceAll('\\\n', ' ').split('\n')),
    ...all<InlineCode>(tree, 'inlineCode').map(({ value }) => value),
  ];
  return code.flatMap((line) => {
    const match =
      /(?:^|&& |\| )(?:npx chipwright|chipwright|node dist\/src\/cli\/chipwright\.js) ([^|#]*)/.exec(line);
    return match?.[1] === undefined ? [] : [match[1].trim()];
  });
}

/** What is no literal in a command line of the handbook: `COMMAND`, `DIR...`. */
const PLACEHOLDER = /^[A-Z.]+$/;

/** All commands by name, `models pull` included, read from the files of the command line. */
async function readCommands(): Promise<Map<string, Command>> {
  const folder = join(ROOT, 'src/cli');
  const shell: Shell = {
    env: {},
    folder,
    machineName: 'test',
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    signal: new AbortController().signal,
  };
  const found = new Map<string, Command>();
  const add = (command: Command, parents: string) => {
    const name = `${parents}${command.name()}`;
    found.set(name, command);
    for (const child of command.commands) add(child, `${name} `);
  };
  for (const file of readdirSync(folder).filter((name) => name !== 'chipwright.ts')) {
    const exports: Record<string, unknown> = await import(join(folder, file));
    for (const [name, make] of Object.entries(exports))
      if (name.endsWith('Command') && typeof make === 'function')
        add(
          make(shell, () => {}),
          '',
        );
  }
  return found;
}

let commands: Map<string, Command>;
beforeAll(async () => {
  commands = await readCommands();
});

function optionsOf(command: Command | undefined): string[] {
  return (command?.options ?? []).flatMap(({ long, short }) => [long, short].filter((name) => name != null));
}

describe('errors', () => {
  it('are documented, all of them and no others', () => {
    expect(firstColumn('docs/errors.md', 'Code').sort()).toEqual([...ERROR_CODES].sort());
  });
});

describe('settings', () => {
  it('are documented, every variable and no others', () => {
    // HF_ENDPOINT is read by the model store, as the hub's own tools do.
    const documented = firstColumn('docs/configuration.md', 'Variable');
    expect(documented.sort()).toEqual([...Object.keys(VARIABLES), 'HF_ENDPOINT'].sort());
  });

  it('are documented, every key of chipwright.yaml and no others', () => {
    const keys = firstColumn('docs/configuration.md', 'Key');
    const sourceKeys = firstColumn('docs/configuration.md', 'Key of a source');
    const limitKeys = firstColumn('docs/configuration.md', 'Key of the limits');
    const qdrantKeys = firstColumn('docs/configuration.md', 'Key of qdrant');
    const tuningKeys = firstColumn('docs/configuration.md', 'Key of tuning');
    expect(keys.length + sourceKeys.length).toBeGreaterThan(4);
    for (const key of keys) expect(isKnown({ [key]: null }), key).toBe(true);
    for (const key of limitKeys) expect(isKnown({ limits: { [key]: null } }), key).toBe(true);
    for (const key of sourceKeys) expect(isKnown({ sources: [{ [key]: null }] }), key).toBe(true);
    for (const key of qdrantKeys) expect(isKnown({ qdrant: { [key]: null } }), key).toBe(true);
    for (const key of tuningKeys) expect(isKnown({ tuning: { [key]: null } }), key).toBe(true);
    const schema = readFileSync(join(ROOT, 'src/config.ts'), 'utf8');
    expect(keys.sort()).toEqual(keysOf(schema, 'yamlFile'));
    expect(limitKeys.sort()).toEqual(keysOf(schema, 'yamlLimits'));
    expect(sourceKeys.sort()).toEqual(keysOf(schema, 'yamlSource'));
    expect(qdrantKeys.sort()).toEqual(keysOf(schema, 'yamlQdrant'));
    expect(tuningKeys.sort()).toEqual(keysOf(schema, 'yamlTuning'));
  });

  it('are accepted as the examples show them', () => {
    const examples = pages.flatMap(({ tree }) =>
      all<Code>(tree, 'code').filter(({ lang, value }) => lang === 'yaml' && /^\w+:/m.test(value)),
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const { value } of examples) expect(() => readConfig({}, 'test', parse(value))).not.toThrow();
  });

  it('are accepted as the exports of the handbook set them', () => {
    const values: Readonly<Record<string, string>> = {
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      SLACK_SIGNING_SECRET: 'secret',
      MicrosoftAppPassword: 'secret',
      OPENAI_API_KEY: 'secret',
    };
    for (const { file, tree } of handbook) {
      for (const { value } of all<Code>(tree, 'code')) {
        const set = [...value.matchAll(/^export (\w+)=(\S+)$/gm)].map(
          ([, name = '', given = '']) => [name, values[name] ?? given] as const,
        );
        if (set.length > 0) expect(() => readConfig(Object.fromEntries(set), 'test'), file).not.toThrow();
      }
    }
  });
});

/** Whether readConfig knows the keys, whatever it thinks of the values. */
function isKnown(yaml: unknown): boolean {
  try {
    readConfig({}, 'test', yaml);
    return true;
  } catch (error) {
    return error instanceof ChipwrightError && !error.message.includes('is not a setting');
  }
}

/** Keys of a `z.strictObject` in the source: the schema itself is the config's own business. */
function keysOf(source: string, schema: string): string[] {
  const body =
    new RegExp(`const ${schema} = z\\.strictObject\\(\\{\\n([\\s\\S]*?)\\n\\}\\);`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1] ?? '').sort();
}

describe('metrics', () => {
  it('are documented, every one of ours and no others', async () => {
    expect(firstColumn('docs/monitoring.md', 'Metric').sort()).toEqual(
      (await metricNames()).filter((name) => name.startsWith('chipwright_')).sort(),
    );
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(readFileSync(join(ROOT, 'docs/grafana-dashboard.json'), 'utf8'));
  const expressions: string[] = dashboard.panels.flatMap(
    ({ targets = [] }: { targets?: { expr: string }[] }) => targets.map(({ expr }) => expr),
  );

  it('and the alerts ask for metrics that exist, with labels that they have', async () => {
    const labels = await metricLabels();
    const alerts = all<InlineCode>(page('docs/monitoring.md').tree, 'inlineCode')
      .map(({ value }) => value)
      .filter((value) => value.includes('('));
    expect(expressions.length).toBeGreaterThan(15);
    expect(alerts.length).toBeGreaterThan(5);
    for (const expression of [...expressions, ...alerts]) {
      const asked = metricsIn(expression);
      expect(asked, expression).toHaveLength(1);
      const [{ name, selected, grouped } = { name: '', selected: [], grouped: [] }] = asked;
      expect([...labels.keys()], expression).toContain(name);
      const known = ['job', 'le', ...(labels.get(name) ?? [])];
      for (const label of [...selected, ...grouped]) expect(known, expression).toContain(label);
    }
  });

  it('shows every metric of ours', async () => {
    const shown = new Set(expressions.flatMap(metricsIn).map(({ name }) => name));
    const ours = [...(await metricLabels()).keys()].filter((name) => name.startsWith('chipwright_'));
    expect([...shown].filter((name) => name.startsWith('chipwright_')).sort()).toEqual(ours.sort());
  });
});

/** The metrics that an expression asks for, without the endings of a histogram, and the labels it names. */
function metricsIn(expression: string) {
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...expression.matchAll(/\b((?:chipwright|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name: name.replace(/_(?:bucket|sum|count)$/, ''),
      selected: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
      grouped,
    }),
  );
}

/** Name to labels of all metrics, the labels of ours as the handbook has them. */
async function metricLabels(): Promise<Map<string, string[]>> {
  const tables = all<Table>(page('docs/monitoring.md').tree, 'table');
  const rows = tables.flatMap((table) => table.children.slice(1).map((row) => row.children));
  const documented = new Map(
    rows.map(([name, , labels]) => [
      textOf(name),
      labels === undefined ? [] : all<InlineCode>(labels, 'inlineCode').map(({ value }) => value),
    ]),
  );
  return new Map((await metricNames()).map((name) => [name, documented.get(name) ?? []]));
}

/** All metrics of a fresh process, as they are scraped. */
async function metricNames(): Promise<string[]> {
  const { route } = prometheusMetrics(() => 0);
  const request = { method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, body: Buffer.of() };
  const text = String((await route.handle(request)).body);
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
}

describe('commands', () => {
  it('of the handbook and the other pages exist, with their options', () => {
    let seen = 0;
    for (const each of pages) {
      for (const line of commandLines(each)) {
        const words = line.split(/\s+/);
        const [first = '', second = ''] = words;
        if (first.startsWith('-') || PLACEHOLDER.test(first)) continue;
        const name = commands.has(`${first} ${second}`) ? `${first} ${second}` : first;
        const command = commands.get(name);
        expect(command, `${each.file}: chipwright ${line}`).toBeDefined();
        for (const word of words.filter((part) => /^--?[a-z]/.test(part))) {
          seen += 1;
          if (word !== '--help')
            expect(optionsOf(command), `${each.file}: chipwright ${line}`).toContain(word);
        }
      }
    }
    expect(seen).toBeGreaterThan(10);
  });

  it('stand in commands.md, each with all its options, and with no others', () => {
    const sections = new Map<string, string[]>();
    let title = '';
    for (const node of page('docs/commands.md').tree.children) {
      if (node.type === 'heading') title = textOf(node).replace(/^chipwright /, '');
      const code = all<InlineCode>(node, 'inlineCode').map(({ value }) => value);
      sections.set(title, [...(sections.get(title) ?? []), ...code]);
    }
    const runnable = [...commands].filter(([, command]) => command.commands.length === 0);
    expect(runnable.length).toBeGreaterThan(8);
    for (const [name, command] of runnable) {
      const code = sections.get(name) ?? sections.get(name.split(' ')[0] ?? '') ?? [];
      expect(code, name).toContain(`chipwright ${name}`);
      const documented = code.map((each) => each.split(' ')[0]);
      for (const { long } of command.options) expect(documented, `${name} ${long}`).toContain(long);
    }
    for (const [heading, code] of sections) {
      const own = runnable.filter(([name]) => name === heading || name.startsWith(`${heading} `));
      const known = own.flatMap(([, command]) => optionsOf(command));
      if (own.length === 0) continue;
      for (const option of code.filter((each) => each.startsWith('-')))
        expect(known, `${heading} ${option}`).toContain(option.split(' ')[0]);
    }
  });
});

describe('pages', () => {
  it('link to pages and sections that exist', () => {
    let seen = 0;
    for (const { file, tree } of pages) {
      for (const { url } of all<Link>(tree, 'link')) {
        if (/^[a-z]+:/.test(url)) continue;
        seen += 1;
        const [path = '', section] = url.split('#');
        const target = path === '' ? file : relative(ROOT, resolve(ROOT, dirname(file), path));
        expect(existsSync(join(ROOT, target)), `${file}: ${url}`).toBe(true);
        if (section !== undefined) expect(anchorsOf(target), `${file}: ${url}`).toContain(section);
      }
    }
    expect(seen).toBeGreaterThan(10);
  });

  it('begin with one title, and are not empty', () => {
    expect(handbook.length).toBeGreaterThan(10);
    for (const { file, tree } of handbook) {
      const titles = tree.children.filter((node) => node.type === 'heading' && node.depth === 1);
      expect(titles, file).toHaveLength(1);
      expect(tree.children[0], file).toBe(titles[0]);
    }
  });

  it('name no place on anybody’s machine', () => {
    for (const { file, source } of pages)
      expect(source, file).not.toMatch(/(?:^|[\s`"'(])(?:\/(?:home|root|tmp|work|Users|mnt)\/|[A-Z]:\\)/m);
  });
});

/** As the hosts of Markdown make them out of headings. */
function anchorsOf(file: string): string[] {
  return page(file)
    .tree.children.filter((node) => node.type === 'heading')
    .map((node) =>
      textOf(node)
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
}
