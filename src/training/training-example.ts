// What the trainer learns from: a question, the passage that answers it, and passages that do not.
import { z } from 'zod';

const trainingPassage = z.object({
  /** The chunk it was made from. */
  id: z.string(),
  /** As the encoder reads it: heading line and text, perhaps without the sentence the question was made of. */
  text: z.string(),
});

/** One line of a file of pairs. */
export const trainingExampleSchema = z.object({
  question: z.string(),
  passage: trainingPassage,
  /** Hard negatives: near, but wrong. The trainer draws from the first ones. */
  negatives: z.array(trainingPassage),
  /** Chunks that must not count as wrong for this question when they stand in its batch: other right ones and near copies. */
  notWrong: z.array(z.string()),
  /** How the question came about, and from which documents. */
  origin: z.object({
    kind: z.enum([
      'option',
      'heading',
      'purpose',
      'definition',
      'condition',
      'faq',
      'cropped',
      'compound',
      'language-model',
      'thumb',
      'verified',
    ]),
    documents: z.array(z.string()),
    /** Place of the passage by words alone, from 1, when the question was made: how much there is to learn beyond matching words. */
    lexicalRank: z.int().positive().optional(),
    /** The language model that wrote the question. */
    model: z.string().optional(),
  }),
});

export type TrainingPassage = z.infer<typeof trainingPassage>;
export type TrainingExample = z.infer<typeof trainingExampleSchema>;

/** How many pairs of each kind, most first. */
export function kindsOf(examples: readonly TrainingExample[]): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { origin } of examples) counts.set(origin.kind, 1 + (counts.get(origin.kind) ?? 0));
  return [...counts].sort((a, b) => b[1] - a[1]);
}
