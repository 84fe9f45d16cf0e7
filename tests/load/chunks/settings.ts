// The ways of cutting documents that are compared.
import { CHUNK_SIZES, type ChunkSizes } from '../../../ingest/chunker/size.js';

export interface Setting {
  readonly name: string;
  readonly sizes: ChunkSizes;
  /** What a chunk repeats of the one before it under the same headings: nothing, its last sentence, or a share of the target size. */
  readonly overlap?: 'sentence' | number;
  /** False: the encoder reads the text of a chunk without its title and headings. */
  readonly headings?: boolean;
  /** Pieces of these sizes are searched, and the chunk a piece stands in is handed on. */
  readonly searched?: ChunkSizes;
  /** Passages are drawn instead of found: what a measure gives by chance. */
  readonly atRandom?: boolean;
}

/** What chunks were like before they were measured: every setting is compared with it. */
const FIRST: ChunkSizes = { target: 260, max: 400, whole: 260, tiny: 60 };
export const BASE: Setting = { name: 'base', sizes: FIRST };

/** All numbers in proportion to the target. */
function scaled(target: number): ChunkSizes {
  const { max, whole, tiny } = FIRST;
  const inProportion = (tokens: number) => Math.round((tokens * target) / FIRST.target);
  return { target, max: inProportion(max), whole: inProportion(whole), tiny: inProportion(tiny) };
}

export const SETTINGS: readonly Setting[] = [
  BASE,
  { name: 'chosen', sizes: CHUNK_SIZES },
  { name: 'drawn at random', sizes: FIRST, atRandom: true },
  ...[90, 130, 180, 350, 500].map((target) => ({ name: `target ${target}`, sizes: scaled(target) })),
  { name: 'sections never whole', sizes: { ...FIRST, whole: 0 } },
  { name: 'sections whole up to 400', sizes: { ...FIRST, whole: 400 } },
  { name: 'sections whole up to 400, target 300', sizes: { ...FIRST, target: 300, whole: 400 } },
  { name: 'sections whole up to 450, target 350', sizes: { ...FIRST, target: 350, max: 450, whole: 450 } },
  { name: 'tiny sections alone', sizes: { ...FIRST, whole: 0, tiny: 0 } },
  { name: 'tiny up to 120', sizes: { ...FIRST, tiny: 120 } },
  { name: 'tiny up to 200', sizes: { ...FIRST, tiny: 200 } },
  { name: 'tiny up to 120, sections whole up to 400', sizes: { ...FIRST, whole: 400, tiny: 120 } },
  { name: 'overlap of one sentence', sizes: FIRST, overlap: 'sentence' },
  { name: 'overlap of 15 %', sizes: FIRST, overlap: 0.15 },
  { name: 'no headings for the encoder', sizes: FIRST, headings: false },
  { name: '90 searched, base handed on', sizes: FIRST, searched: scaled(90) },
  { name: '130 searched, base handed on', sizes: FIRST, searched: scaled(130) },
  { name: '130 searched, 350 handed on', sizes: scaled(350), searched: scaled(130) },
];
