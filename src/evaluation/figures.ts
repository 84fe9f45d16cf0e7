// How figures are written, on a terminal and on a page.
import type { Measure } from './retrieval-evaluation.js';

/** `.714`, `1.00`: four characters for every value from 0 to 1, so that columns align. */
export function decimal(value: number): string {
  const text = Math.abs(value).toFixed(3);
  return text.startsWith('0') ? text.slice(1) : text.slice(0, 4);
}

/** `+.031`, `-.012`, ` .000`: a value that rounds to nothing has no sign. */
export function signed(value: number): string {
  const text = decimal(value);
  if (text === '.000') return ` ${text}`;
  return `${value < 0 ? '-' : '+'}${text}`;
}

/** `.714 [.642, .796]` */
export function withInterval({ value, low, high }: Measure, write = decimal): string {
  return `${write(value)} [${write(low).trimStart()}, ${write(high).trimStart()}]`;
}
