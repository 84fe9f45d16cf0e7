// The inner loop of the vector search as a WebAssembly module: JavaScript has no SIMD, and every question reads every code.
//
// The module has one function for every number of queries up to four, `for each code, for each query: out = sum over i of code[i] *
// query[i]`, with codes of 8 bits and queries of 16: read and widened once, a code is compared with all of them. It is written out in
// the binary format (webassembly.github.io/spec/core/binary), so that no compiler is needed to build it.

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

/** Queries that can be compared in one go. */
export const MOST_QUERIES = 4;

/**
 * Writes the dot products of all codes from `codes` to `codesEnd` with the queries, code by code, as 32-bit integers to `out`. All arguments
 * are addresses in the memory. The queries are interleaved: the first STEP values of each, then the next of each, and so on.
 */
export type DotProducts = (
  codes: number,
  codesEnd: number,
  queries: number,
  queriesEnd: number,
  out: number,
) => void;

/** The functions, at work on `memory`; the first is for one query, the next for two, and so on. */
export function dotProductsIn(memory: WebAssembly.Memory): readonly DotProducts[] {
  const { exports } = new WebAssembly.Instance(MODULE, { host: { memory } });
  return FUNCTIONS.map((name) => exports[name] as DotProducts);
}

const I32 = 0x7f;
const V128 = 0x7b;
const NO_RESULT = 0x40;

// The parameters, and the locals after them: where in the queries, half a step of a code, and a sum for each query.
const CODES = 0;
const CODES_END = 1;
const QUERIES = 2;
const QUERIES_END = 3;
const OUT = 4;
const AT = 5;
const HALF = 6;
const sumOf = (query: number) => 7 + query;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const ADD = 0x6a;
const END = 0x0b;
const advance = (local: number, bytes: number) => [
  ...[...get(local), 0x41, ...signed(bytes), ADD],
  ...set(local),
];
const loop = (...body: readonly number[]) => [0x03, NO_RESULT, ...body, END];
/** Last in a loop: back to its start while the address `local` is below `end`. */
const whileBelow = (local: number, end: number) => [...get(local), ...get(end), 0x49, 0x0d, 0];
const simd = (operation: number) => [0xfd, ...unsigned(operation)];

/** Eight products for each query: v128.load8x8_s widens the codes to 16 bits, i32x4.dot_i16x8_s multiplies and adds neighbours. */
const addEightProducts = (half: 0 | 1, queries: readonly number[]) => [
  ...[...get(CODES), ...simd(0x01), 0, 8 * half, ...set(HALF)],
  ...queries.flatMap((query) => [
    ...get(sumOf(query)),
    ...[...get(HALF), ...get(AT), ...simd(0x00), 0, ...unsigned(2 * STEP * query + 16 * half)],
    ...[...simd(0xba), ...simd(0xae)],
    ...set(sumOf(query)),
  ]),
];

/** One of the four sums of a query that grow side by side: i32x4.extract_lane. */
const lane = (query: number, number: number) => [...get(sumOf(query)), ...simd(0x1b), number];

/** i32.store of the sum of the four. */
const storeSum = (query: number) => [
  ...get(OUT),
  ...[...lane(query, 0), ...lane(query, 1), ADD, ...lane(query, 2), ADD, ...lane(query, 3), ADD],
  ...[0x36, 2, ...unsigned(4 * query)],
];

/** The function for `count` queries. */
function functionBody(count: number): number[] {
  const queries = Array.from({ length: count }, (_, query) => query);
  return [
    ...[2, 1, I32, 1 + count, V128],
    ...loop(
      ...queries.flatMap((query) => [...simd(0x0c), ...new Array<number>(16).fill(0), ...set(sumOf(query))]),
      ...[...get(QUERIES), ...set(AT)],
      ...loop(
        ...addEightProducts(0, queries),
        ...addEightProducts(1, queries),
        ...advance(CODES, STEP),
        ...advance(AT, 2 * STEP * count),
        ...whileBelow(AT, QUERIES_END),
      ),
      ...queries.flatMap(storeSum),
      ...advance(OUT, 4 * count),
      ...whileBelow(CODES, CODES_END),
    ),
    END,
  ];
}

/** LEB128, the format's way to write a number. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** The same for a number that may be negative: the highest bit of the last byte tells. For positive ones. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

const sized = (content: readonly number[]) => [...unsigned(content.length), ...content];
const named = (text: string) => sized([...new TextEncoder().encode(text)]);
const section = (id: number, ...content: readonly number[]) => [id, ...sized(content)];

const FUNCTIONS = Array.from({ length: MOST_QUERIES }, (_, at) => `dotProducts${at + 1}`);

const MODULE = new WebAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, ...sized([I32, I32, I32, I32, I32]), 0),
    ...section(2, 1, ...named('host'), ...named('memory'), 2, 0, 1),
    ...section(3, FUNCTIONS.length, ...FUNCTIONS.map(() => 0)),
    ...section(7, FUNCTIONS.length, ...FUNCTIONS.flatMap((name, at) => [...named(name), 0, at])),
    ...section(10, FUNCTIONS.length, ...FUNCTIONS.flatMap((_, at) => sized(functionBody(at + 1)))),
  ]),
);
