// What training makes small: how surprised one would be to find that a question's own passage answers it (InfoNCE).

/** Vectors of a batch, one after the other. */
export interface Contest {
  readonly dimensions: number;
  /** `Float32Array[questions x dimensions]`. */
  readonly questions: Float32Array;
  /** `Float32Array[candidates x dimensions]`: first each question's own passage, in the order of the questions, then others. */
  readonly candidates: Float32Array;
  /** `Uint8Array[questions x candidates]`: 1 where the candidate must not count as wrong for the question. */
  readonly notWrong: Uint8Array;
}

export interface ContestResult {
  /** Mean over the questions, in nats; ln(candidates) when the model knows nothing. */
  readonly loss: number;
  /** Share of the questions whose own passage scores above everything that counts as wrong. */
  readonly accuracy: number;
  /** Derivatives of `loss` by the vectors, laid out like them. */
  readonly questionGradient: Float32Array;
  readonly candidateGradient: Float32Array;
}

/** The first `length` numbers of each vector, brought to length one again. */
interface UnitPrefixes {
  readonly length: number;
  readonly units: Float64Array;
  readonly norms: Float64Array;
}

/** Keeps a vector of zeros from dividing by zero; PyTorch's `normalize` has the same. */
const SMALLEST_NORM = 1e-12;

/**
 * InfoNCE (van den Oord et al. 2018, arXiv 1807.03748) from question to passage: cosines divided by `temperature` compete in a
 * softmax over the batch's passages and hard negatives. With several `prefixes` it is the mean of the losses of the vectors cut to
 * each of them (Matryoshka, Kusupati et al. 2022, arXiv 2205.13147); accuracy is that of the first.
 */
export function contrastiveLoss(
  contest: Contest,
  temperature: number,
  prefixes: readonly number[] = [contest.dimensions],
): ContestResult {
  const { dimensions, questions, candidates } = contest;
  const questionGradient = new Float32Array(questions.length);
  const candidateGradient = new Float32Array(candidates.length);
  let loss = 0;
  let accuracy = 0;
  prefixes.forEach((prefix, at) => {
    const asked = unitPrefixes(questions, dimensions, prefix);
    const offered = unitPrefixes(candidates, dimensions, prefix);
    const result = compete(asked, offered, contest.notWrong, temperature);
    loss += result.loss / prefixes.length;
    if (at === 0) accuracy = result.accuracy;
    addThroughNorm(result.askedGradient, asked, 1 / prefixes.length, questionGradient, dimensions);
    addThroughNorm(result.offeredGradient, offered, 1 / prefixes.length, candidateGradient, dimensions);
  });
  return { loss, accuracy, questionGradient, candidateGradient };
}

function compete(asked: UnitPrefixes, offered: UnitPrefixes, notWrong: Uint8Array, temperature: number) {
  const { length } = asked;
  const count = asked.norms.length;
  const width = offered.norms.length;
  const askedGradient = new Float64Array(asked.units.length);
  const offeredGradient = new Float64Array(offered.units.length);
  const scores = new Float64Array(width);
  let loss = 0;
  let right = 0;
  for (let question = 0; question < count; question++) {
    const from = question * length;
    let best = -Infinity;
    for (let candidate = 0; candidate < width; candidate++) {
      if (candidate !== question && notWrong[question * width + candidate] === 1) {
        scores[candidate] = -Infinity;
        continue;
      }
      const at = candidate * length;
      let cosine = 0;
      for (let d = 0; d < length; d++) cosine += (asked.units[from + d] ?? 0) * (offered.units[at + d] ?? 0);
      scores[candidate] = cosine / temperature;
      if (candidate !== question) best = Math.max(best, cosine / temperature);
    }
    const own = scores[question] ?? 0;
    if (own > best) right++;

    // The highest score is taken off first, so that no exponential overflows at low temperatures.
    const highest = Math.max(own, best);
    let sum = 0;
    for (let candidate = 0; candidate < width; candidate++) {
      scores[candidate] = Math.exp((scores[candidate] ?? 0) - highest);
      sum += scores[candidate] ?? 0;
    }
    loss += Math.log(sum) + highest - own;

    // The derivative by a score is its share of the softmax, less one for the right passage.
    for (let candidate = 0; candidate < width; candidate++) {
      const share = (scores[candidate] ?? 0) / sum - (candidate === question ? 1 : 0);
      if (share === 0) continue;
      const pull = share / temperature / count;
      const at = candidate * length;
      for (let d = 0; d < length; d++) {
        askedGradient[from + d] = (askedGradient[from + d] ?? 0) + pull * (offered.units[at + d] ?? 0);
        offeredGradient[at + d] = (offeredGradient[at + d] ?? 0) + pull * (asked.units[from + d] ?? 0);
      }
    }
  }
  return { loss: loss / count, accuracy: right / count, askedGradient, offeredGradient };
}

function unitPrefixes(vectors: Float32Array, dimensions: number, length: number): UnitPrefixes {
  const count = vectors.length / dimensions;
  const units = new Float64Array(count * length);
  const norms = new Float64Array(count);
  for (let vector = 0; vector < count; vector++) {
    let squares = 0;
    for (let d = 0; d < length; d++) squares += (vectors[vector * dimensions + d] ?? 0) ** 2;
    const norm = Math.max(Math.sqrt(squares), SMALLEST_NORM);
    norms[vector] = norm;
    for (let d = 0; d < length; d++)
      units[vector * length + d] = (vectors[vector * dimensions + d] ?? 0) / norm;
  }
  return { length, units, norms };
}

/** Of a gradient by a unit vector only the part across it moves it; what is longer moves less. */
function addThroughNorm(
  gradient: Float64Array,
  { length, units, norms }: UnitPrefixes,
  weight: number,
  into: Float32Array,
  dimensions: number,
): void {
  for (let vector = 0; vector < norms.length; vector++) {
    const from = vector * length;
    let along = 0;
    for (let d = from; d < from + length; d++) along += (gradient[d] ?? 0) * (units[d] ?? 0);
    const scale = weight / (norms[vector] ?? 1);
    for (let d = 0; d < length; d++) {
      const across = (gradient[from + d] ?? 0) - along * (units[from + d] ?? 0);
      into[vector * dimensions + d] = (into[vector * dimensions + d] ?? 0) + across * scale;
    }
  }
}
