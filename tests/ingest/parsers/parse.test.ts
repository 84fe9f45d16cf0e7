// Which parser reads a file: its name decides, and where it says nothing, its first bytes.
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../ingest/parsers/parse.js';

const read = (text: string | Buffer, path: string) => parseDocument(Buffer.from(text), path);
const kinds = async (text: string, path: string) =>
  (await read(text, path)).tree.children.map(({ type }) => type);

describe('parseDocument', () => {
  it.each([
    ['a.MD', '# T\n\n- x\n', ['heading', 'list']],
    ['a.rst', 'Title\n=====\n\nWords.\n', ['heading', 'paragraph']],
    ['a.tcl', 'proc a {} {}\n', ['code']],
    ['README', 'Only words.\n', ['paragraph']],
    ['run', '#!/usr/bin/env tclsh\nputs 1\n', ['code']],
    ['page', '<!DOCTYPE html><html><body><h1>T</h1><p>x</p></body></html>', ['heading', 'paragraph']],
  ])('reads %s', async (path, text, expected) => {
    expect(await kinds(text, path)).toEqual(expected);
  });

  it('refuses binary of an unknown kind, and says so', async () => {
    await expect(read(Buffer.from([0x89, 0x50, 0, 0, 7]), 'blob')).rejects.toMatchObject({
      code: 'document_unreadable',
      message: expect.stringContaining('binary'),
    });
  });
});
