// What may be read for an answer: by person, by place, and when the directory fails.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { type Directory, noDirectory, readersOf } from '../../src/safety/readers.js';

const SEES =
  (directory: Directory) =>
  async (
    kind: 'human' | 'guest' | 'external',
    surface: 'direct' | 'group' | 'channel',
    visibility: 'thread' | 'asker',
  ) => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const asked = { person: { id: 'u1', tenant: 't1', kind }, surface, visibility };
    const { tags } = await readersOf(asked, { directory, log, patienceMs: 30 }, AbortSignal.timeout(5_000));
    return { tags, lines };
  };
const groups: Directory = { groupsOf: async () => ['team-timing', 'Not A Tag'] };

describe('readersOf', () => {
  it.each([
    ['human', 'direct', 'thread', true],
    ['human', 'direct', 'asker', true],
    ['human', 'channel', 'asker', true],
    ['human', 'group', 'asker', true],
    ['human', 'channel', 'thread', false],
    ['human', 'group', 'thread', false],
    ['guest', 'direct', 'asker', false],
    ['guest', 'channel', 'thread', false],
    ['external', 'direct', 'asker', false],
    ['external', 'group', 'thread', false],
  ] as const)('a %s in %s, seen by the %s: own groups %s', async (kind, surface, visibility, own) => {
    const { tags } = await SEES(groups)(kind, surface, visibility);
    expect(tags).toEqual(own ? ['public', 'team-timing'] : ['public']);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['never answers', () => new Promise<never>(() => {})],
    ['gives nonsense', async () => undefined as unknown as string[]],
  ] as const)(
    'reads public documents alone, and says so in the log, when the directory %s',
    async (_, groupsOf) => {
      const { tags, lines } = await SEES({ groupsOf })('human', 'direct', 'thread');
      expect(tags).toEqual(['public']);
      expect(lines.join()).toContain('public documents only');
    },
  );

  it('gives everyone public without a directory', async () => {
    expect((await SEES(noDirectory)('human', 'direct', 'thread')).tags).toEqual(['public']);
  });
});
