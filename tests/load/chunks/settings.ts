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

export const PRESENT: Setting = { name: 'present', sizes: CHUNK_SIZES };

/** All numbers in proportion to the target, as in the present setting. */
function scaled(target: number): ChunkSizes {
  const factor = target / CHUNK_SIZES.target;
  return {
    target,
    max: Math.round(CHUNK_SIZES.max * factor),
    whole: Math.round(CHUNK_SIZES.whole * factor),
    tiny: Math.round(CHUNK_SIZES.tiny * factor),
  };
}

export const SETTINGS: readonly Setting[] = [
  PRESENT,
  { name: 'drawn at random', sizes: CHUNK_SIZES, atRandom: true },
  ...[90, 130, 180, 350, 500].map((target) => ({ name: `target ${target}`, sizes: scaled(target) })),
  { name: 'sections never whole', sizes: { ...CHUNK_SIZES, whole: 0 } },
  { name: 'sections whole up to the maximum', sizes: { ...CHUNK_SIZES, whole: CHUNK_SIZES.max } },
  { name: 'the same, target 300', sizes: { ...CHUNK_SIZES, target: 300, whole: CHUNK_SIZES.max } },
  { name: 'the same, target 350, maximum 450', sizes: { ...CHUNK_SIZES, target: 350, max: 450, whole: 450 } },
  { name: 'tiny sections alone', sizes: { ...CHUNK_SIZES, whole: 0, tiny: 0 } },
  { name: 'tiny up to 120', sizes: { ...CHUNK_SIZES, tiny: 120 } },
  { name: 'tiny up to 200', sizes: { ...CHUNK_SIZES, tiny: 200 } },
  {
    name: 'tiny up to 120, whole up to the maximum',
    sizes: { ...CHUNK_SIZES, whole: CHUNK_SIZES.max, tiny: 120 },
  },
  { name: 'overlap of one sentence', sizes: CHUNK_SIZES, overlap: 'sentence' },
  { name: 'overlap of 15 %', sizes: CHUNK_SIZES, overlap: 0.15 },
  { name: 'no headings for the encoder', sizes: CHUNK_SIZES, headings: false },
  { name: '90 searched, present handed on', sizes: CHUNK_SIZES, searched: scaled(90) },
  { name: '130 searched, present handed on', sizes: CHUNK_SIZES, searched: scaled(130) },
  { name: '130 searched, 350 handed on', sizes: scaled(350), searched: scaled(130) },
];
