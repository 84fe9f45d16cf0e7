// Programs: one definition, one unit, with its comment and under what encloses it.
import fc from 'fast-check';
import { toString as plainText } from 'mdast-util-to-string';
import { describe, expect, it } from 'vitest';
import { parseCode } from '../../../ingest/parsers/code.js';

async function read(source: string, path: string) {
  const { tree } = await parseCode(Buffer.from(source), path);
  return tree.children.map((node) =>
    node.type === 'heading'
      ? `# ${plainText(node)}`
      : `${node.data?.unit ? 'unit' : 'rest'} ${node.position?.start.line}-${node.position?.end.line}`,
  );
}

describe('parseCode', () => {
  it('reads Tcl procedures with their comments and declared arguments', async () => {
    const source =
      'package require x\n\n# places pins\nproc a {} {\n  puts "}"; set y \\}\n}\nsta::define_cmd_args "b" {\n  [-k]}\n\nproc b { args } { if {1} {\n} }\nnamespace eval ns {\n  proc c {} {}\n  variable v\n}\nputs end\n';
    expect((await read(source, 'x.tcl')).slice(0, 1)).toEqual(['rest 1-1']);
    expect(await read(source.replace('"}"', '"{}"'), 'x.tcl')).toEqual([
      'rest 1-1',
      'unit 3-6',
      'unit 7-11',
      '# ns',
      'unit 13-13',
      'rest 14-14',
      '# ',
      'rest 16-16',
    ]);
  });

  it('reads Verilog modules and the functions of a package', async () => {
    const filler = '  parameter P = 1;\n'.repeat(45);
    const source = `/* adds\n   things */\nmodule m(input a);\n  function f; endfunction\nendmodule : m\n\npackage p;\n${filler}  // sum\n  function automatic int g(int a);\n    return a;\n  endfunction\nendpackage\n// import "DPI" function x\n`;
    const found = await read(source, 'x.sv');
    expect(found.slice(0, 2)).toEqual(['unit 1-5', '# p']);
    expect(found).toContain('unit 53-56');
  });

  it('reads Python with decorators, docstrings and strings that look like code', async () => {
    const source =
      'import os\n\n@cache(\n    size=1)\ndef f(a,\n  b):\n    """Doc\ndef not_me():\n    """\n    return {\n1: 2}\n\nasync def g():\n    pass\n\nprint(1)\n';
    expect(await read(source, 'x.py')).toEqual(['rest 1-1', 'unit 3-11', 'unit 13-14', 'rest 16-16']);
  });

  it('reads C++ functions in namespaces, braces in strings and initialisers apart', async () => {
    const source =
      '// Copyright someone\n\n#include <a>\nnamespace n {\n// Opens.\nint open(char c = \'{\')\n{\n  if (c) { return 1; }\n}\nA::A() : b{1}, c(2) {\n  run("}");\n}\nstatic int t[] = {1, 2};\n}  // namespace n\n';
    expect(await read(source, 'x.cc')).toEqual([
      'rest 3-3',
      '# n',
      'unit 5-9',
      'unit 10-12',
      'rest 13-13',
      '# ',
    ]);
  });

  it('reads a script without definitions as one block', async () => {
    expect(await read('read_lef a.lef\n\nplace_design\n', 'x.tcl')).toEqual(['rest 1-3']);
  });

  it('loses no line of any text in any language', async () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '"',
      "'",
      '/*',
      '*/',
      '#',
      '\n',
      '\n',
      ' ',
      'proc a',
      'def f():',
      'class K',
      'module m;',
      'endmodule',
      'namespace n',
      '\\',
      ';',
      'w',
      'function',
      '[',
      ']',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.constantFrom('a.tcl', 'a.py', 'a.sv', 'a.cc'),
        async (parts, path) => {
          const source = parts.join('');
          const { tree } = await parseCode(Buffer.from(source), path);
          const code = tree.children.flatMap((node) => (node.type === 'code' ? node.value : []));
          const heads = tree.children.flatMap((node) => (node.type === 'heading' ? plainText(node) : []));
          expect(code.join('\n').split('\n').length).toBeLessThanOrEqual(
            source.split('\n').length + heads.length,
          );
          const kept = `${code.join('\n')}\n${heads.join('\n')}`;
          for (const word of source.match(/endmodule|\bw\b/g) ?? []) expect(kept).toContain(word);
        },
      ),
      { numRuns: 500 },
    );
  });
});
