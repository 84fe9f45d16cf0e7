// The inner loop of the vector search as a WebAssembly module: JavaScript has no SIMD, and every question reads every code.
//
// The module is one function, `for each code: out = sum over i of code[i] * query[i]`, with codes of 8 bits and a query of 16. It is
// written out in the binary format (webassembly.github.io/spec/core/binary), so that no compiler is needed to build it.

// What is used of WebAssembly; Node's types leave it to those of the browser, which would bring in much that is not there.
declare global {
  namespace WebAssembly {
    class Memory {
      constructor(size: { initial: number });
      readonly buffer: ArrayBuffer;
      grow(pages: number): number;
    }
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: { host: { memory: Memory } });
      readonly exports: Readonly<Record<string, unknown>>;
    }
  }
}

/** Bytes of a code taken at a time: a code is a multiple of this long. */
export const STEP = 16;

/**
 * Writes the dot products of `query` with all codes from `codes` to `codesEnd`, one 32-bit integer after the other, to `out`. All
 * arguments are addresses in the memory; a code has half as many bytes as the query.
 */
export type DotProducts = (
  codes: number,
  codesEnd: number,
  query: number,
  queryEnd: number,
  out: number,
) => void;

/** The function, at work on `memory`. */
export function dotProductsIn(memory: WebAssembly.Memory): DotProducts {
  const { dotProducts } = new WebAssembly.Instance(MODULE, { host: { memory } }).exports;
  return dotProducts as DotProducts;
}

const I32 = 0x7f;
const V128 = 0x7b;
const NO_RESULT = 0x40;

// The parameters, and two locals after them.
const CODES = 0;
const CODES_END = 1;
const QUERY = 2;
const QUERY_END = 3;
const OUT = 4;
const AT = 5;
const SUM = 6;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const ADD = 0x6a;
const END = 0x0b;
const advance = (local: number, bytes: number) => [...get(local), 0x41, bytes, ADD, ...set(local)];
const loop = (...body: readonly number[]) => [0x03, NO_RESULT, ...body, END];
/** Last in a loop: back to its start while the address `local` is below `end`. */
const whileBelow = (local: number, end: number) => [...get(local), ...get(end), 0x49, 0x0d, 0];
const simd = (operation: number) => [0xfd, ...unsigned(operation)];

/** Eight products: v128.load8x8_s widens the codes to 16 bits, i32x4.dot_i16x8_s multiplies and adds neighbours. */
const addEightProducts = (half: 0 | 1) => [
  ...get(SUM),
  ...[...get(CODES), ...simd(0x01), 0, 8 * half],
  ...[...get(AT), ...simd(0x00), 0, 16 * half],
  ...[...simd(0xba), ...simd(0xae)],
  ...set(SUM),
];

/** One of the four sums that grow side by side: i32x4.extract_lane. */
const lane = (number: number) => [...get(SUM), ...simd(0x1b), number];

const FUNCTION_BODY = [
  ...[2, 1, I32, 1, V128],
  ...loop(
    ...[...simd(0x0c), ...new Array<number>(16).fill(0), ...set(SUM)],
    ...[...get(QUERY), ...set(AT)],
    ...loop(
      ...addEightProducts(0),
      ...addEightProducts(1),
      ...advance(CODES, STEP),
      ...advance(AT, 2 * STEP),
      ...whileBelow(AT, QUERY_END),
    ),
    // i32.store
    ...[...get(OUT), ...lane(0), ...lane(1), ADD, ...lane(2), ADD, ...lane(3), ADD, 0x36, 2, 0],
    ...advance(OUT, 4),
    ...whileBelow(CODES, CODES_END),
  ),
  END,
];

/** LEB128, the format's way to write a number. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const sized = (content: readonly number[]) => [...unsigned(content.length), ...content];
const named = (text: string) => sized([...new TextEncoder().encode(text)]);
const section = (id: number, ...content: readonly number[]) => [id, ...sized(content)];

const MODULE = new WebAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, ...sized([I32, I32, I32, I32, I32]), 0),
    ...section(2, 1, ...named('host'), ...named('memory'), 2, 0, 1),
    ...section(3, 1, 0),
    ...section(7, 1, ...named('dotProducts'), 0, 0),
    ...section(10, 1, ...sized(FUNCTION_BODY)),
  ]),
);
