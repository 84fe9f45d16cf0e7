// What a scanner finds in a program: definitions, nested, by their lines.

export interface Definition {
  /** As the heading over what it encloses. */
  readonly name: string;
  /** 1-based, inclusive. */
  readonly start: number;
  readonly end: number;
  /** A namespace only encloses; a class has words of its own besides its members; a leaf is read as a whole. */
  readonly kind: 'namespace' | 'class' | 'leaf';
  readonly children: readonly Definition[];
}

export interface Language {
  /** As it stands behind the fence. */
  readonly fence: string;
  /** A line of a comment, or of what else belongs to the definition right below it. */
  readonly leads: RegExp;
  /** In order of their lines. Never throws: what it does not understand is no definition. */
  scan(source: string): Definition[];
}

/** From an offset to its 1-based line. */
export function lineCounter(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** `source` with every match of `pattern` blanked, line breaks kept: offsets and lines stay as they are. */
export function blank(source: string, pattern: RegExp): string {
  return source.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
}
