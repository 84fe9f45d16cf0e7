// Plain text: what is a heading, what is code, what is prose.
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../ingest/parsers/text.js';
import { markdownOf, placesOf } from '../../support/mdast.js';

const parse = (source: string) => parseText(Buffer.from(source), 'notes/release.txt');

describe('parseText', () => {
  it('ranks underlined titles by their marks, and says on which lines they stand', async () => {
    const { title, tree } = await parse('Notes\n=====\n\nFirst words.\n\nPart\n----\n\nMore words.\n');
    expect(title).toBe('Notes');
    expect(markdownOf(tree)).toBe('# Notes\n\nFirst words.\n\n## Part\n\nMore words.');
    expect(placesOf(tree, 'heading')).toEqual(['1-2', '6-7']);
  });

  it('ranks numbered titles by their numbers', async () => {
    const { tree } = await parse('1. Setup\n\nRun it once.\n\n1.2 Checks\n\nRun it twice.\n');
    expect(markdownOf(tree)).toContain('## 1.2 Checks');
  });

  it('keeps indented blocks, fences and drawn tables as code', async () => {
    const { tree } = await parse(
      'Use it:\n\n  place_cells -fast\n              -quiet\n\n```tcl\nputs hi\n```\n\n+---+---+\n| a | b |\n+---+---+\n',
    );
    expect(tree.children.map((node) => node.type)).toEqual(['paragraph', 'code', 'code', 'code']);
    expect(markdownOf(tree)).toContain('  place_cells -fast\n              -quiet');
    expect(placesOf(tree, 'code')).toEqual(['3-4', '6-8', '10-12']);
  });

  it('reads bullets as one list', async () => {
    const { tree } = await parse('- one\n- two\n  goes on\n\n- three\n');
    expect(markdownOf(tree)).toBe('- one\n- two\n  goes on\n- three');
  });

  it('names a document without titles by its file', async () => {
    expect((await parse('only words')).title).toBe('release');
    expect(await parse('')).toMatchObject({ title: 'release', tree: { children: [] } });
  });
});
