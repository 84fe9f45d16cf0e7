// A BERT encoder that can be trained: ONNX Runtime runs its graphs over the very arrays that the optimiser changes.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Pooling } from '../retrieval/encoder/bert-graph.js';
import { type BertConfig, type BertWeights, selectBertWeights } from '../retrieval/encoder/bert-weights.js';
import { refuseTelemetry } from '../retrieval/encoder/no-telemetry.js';
import { writeOnnx } from '../retrieval/encoder/onnx-file.js';
import { buildTrainingGraphs, graphWeights, PORTS, sumIn, sumOut } from './training-graph.js';
import type { Gradients, Parameter, TokenBatch, TrainingModel } from './training-model.js';

const WORDS = 'embeddings.word_embeddings.weight';
const POSITIONS = 'embeddings.position_embeddings.weight';
const TYPES = 'embeddings.token_type_embeddings.weight';

/** Added to the score of a padded position before softmax, as at inference. */
const PADDED = -10_000;

export interface TrainingModelOptions {
  readonly config: BertConfig;
  readonly weights: BertWeights;
  readonly pooling: Pooling;
  /** Threads inside one run; all cores when absent. */
  readonly threads?: number;
}

type Feeds = Record<string, Tensor>;

class BertTrainingModel implements TrainingModel {
  readonly dimensions: number;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly #config: BertConfig;
  readonly #pooling: Pooling;
  readonly #forward: InferenceSession;
  readonly #backward: InferenceSession;
  readonly #weightFeeds: Feeds = {};

  constructor(
    options: TrainingModelOptions,
    parameters: ReadonlyMap<string, Parameter>,
    sessions: { forward: InferenceSession; backward: InferenceSession },
  ) {
    this.#config = options.config;
    this.#pooling = options.pooling;
    this.#forward = sessions.forward;
    this.#backward = sessions.backward;
    this.dimensions = options.config.hidden_size;
    this.parameters = parameters;
    for (const [name, dims] of graphWeights(options.config))
      this.#weightFeeds[name] = new Tensor('float32', this.#values(name), [...dims]);
  }

  async embed(batch: TokenBatch): Promise<Float32Array> {
    if (batch.length === 0) return new Float32Array(0);
    const { [PORTS.vectors]: vectors } = await this.#forward.run(this.#feeds(batch));
    return floats(vectors);
  }

  async backward(batch: TokenBatch, gradient: Float32Array, into: Gradients): Promise<void> {
    if (batch.length === 0) return;
    const feeds = this.#feeds(batch);
    if (gradient.length !== batch.length * this.dimensions)
      throw new Error("the gradient has not the size of the batch's vectors");
    feeds[PORTS.vectorsGradient] = new Tensor('float32', gradient, [batch.length, this.dimensions]);
    const fetches: Record<string, Tensor | null> = { [PORTS.embeddedGradient]: null };
    for (const [name, dims] of graphWeights(this.#config)) {
      // One array, read as the sum so far and written as the new one: each element is read before it is written.
      const sum = new Tensor('float32', denseSum(into, name, this.#values(name).length), [...dims]);
      feeds[sumIn(name)] = sum;
      fetches[sumOut(name)] = sum;
    }
    const { [PORTS.embeddedGradient]: embedded } = await this.#backward.run(feeds, fetches as Feeds);
    this.#shareOut(batch, floats(embedded), into);
  }

  async close(): Promise<void> {
    await this.#forward.release();
    await this.#backward.release();
  }

  #values(name: string): Float32Array {
    return this.parameters.get(name)?.values ?? new Float32Array(0);
  }

  /** A wrong index would read another weight's memory, or none: better to stop at once. */
  #check(batch: TokenBatch): void {
    const { vocab_size: words, max_position_embeddings: places } = this.#config;
    batch.forEach((ids, text) => {
      if (ids.length === 0) throw new Error(`text ${text} of the batch has no tokens`);
      if (ids.length > places) throw new Error(`text ${text} has ${ids.length} tokens, more than ${places}`);
      const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= words);
      if (wrong !== undefined) throw new Error(`token ${wrong} of text ${text} is not in the vocabulary`);
    });
  }

  #feeds(batch: TokenBatch): Feeds {
    this.#check(batch);
    const { num_attention_heads: heads } = this.#config;
    const hidden = this.dimensions;
    const texts = batch.length;
    const length = Math.max(...batch.map((ids) => ids.length));
    const tokens = texts * length;
    const padding = new Float32Array(texts * heads * length);
    const pick = new Float32Array(texts * tokens);
    batch.forEach((ids, text) => {
      for (let head = 0; head < heads; head++) {
        const row = (text * heads + head) * length;
        padding.fill(PADDED, row + ids.length, row + length);
      }
      if (this.#pooling === 'cls') pick[text * tokens + text] = 1;
      else
        for (let place = 0; place < ids.length; place++)
          pick[text * tokens + place * texts + text] = 1 / ids.length;
    });
    const split = BigInt64Array.from([length, texts * heads, hidden / heads], BigInt);
    return {
      ...this.#weightFeeds,
      [PORTS.embedded]: new Tensor('float32', this.#lookUp(batch, length), [tokens, hidden]),
      [PORTS.split]: new Tensor('int64', split, [3]),
      [PORTS.padding]: new Tensor('float32', padding, [texts * heads, 1, length]),
      [PORTS.pick]: new Tensor('float32', pick, [texts, tokens]),
    };
  }

  /** For each position and text the sum of its rows in the three tables; padded positions stay at zero. */
  #lookUp(batch: TokenBatch, length: number): Float32Array {
    const hidden = this.dimensions;
    const [words, positions, types] = [WORDS, POSITIONS, TYPES].map((name) => this.#values(name)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const embedded = new Float32Array(batch.length * length * hidden);
    batch.forEach((ids, text) => {
      ids.forEach((id, place) => {
        const to = (place * batch.length + text) * hidden;
        for (let at = 0; at < hidden; at++)
          embedded[to + at] =
            (words[id * hidden + at] ?? 0) + ((positions[place * hidden + at] ?? 0) + (types[at] ?? 0));
      });
    });
    return embedded;
  }

  /** The other way round: each token's gradient is added to that of its three rows. */
  #shareOut(batch: TokenBatch, embedded: Float32Array, into: Gradients): void {
    const hidden = this.dimensions;
    const positions = denseSum(into, POSITIONS, this.#values(POSITIONS).length);
    const types = denseSum(into, TYPES, this.#values(TYPES).length);
    batch.forEach((ids, text) => {
      ids.forEach((id, place) => {
        const word = into.words.get(id) ?? new Float32Array(hidden);
        into.words.set(id, word);
        const from = (place * batch.length + text) * hidden;
        for (let at = 0; at < hidden; at++) {
          const value = embedded[from + at] ?? 0;
          word[at] = (word[at] ?? 0) + value;
          positions[place * hidden + at] = (positions[place * hidden + at] ?? 0) + value;
          types[at] = (types[at] ?? 0) + value;
        }
      });
    });
  }
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('the training graph gave no numbers');
  return tensor.data;
}

function denseSum(into: Gradients, name: string, size: number): Float32Array {
  const sum = into.dense.get(name) ?? new Float32Array(size);
  into.dense.set(name, sum);
  return sum;
}

/**
 * The encoder as something to train. Its parameters are copies of `weights`; change them in place, and the next run sees it.
 * Call it in the process's main thread. Throws `model_corrupt` when the weights do not fit `config`.
 */
export async function openTrainingModel(options: TrainingModelOptions): Promise<TrainingModel> {
  const { config, pooling, threads = 0 } = options;
  const parameters = new Map<string, Parameter>();
  for (const [name, { dims, values }] of selectBertWeights(options.weights, config))
    parameters.set(name, { name, dims, values: values.slice() });
  refuseTelemetry();
  const graphs = buildTrainingGraphs(config, pooling);
  const open = (graph: Uint8Array) =>
    InferenceSession.create(graph, {
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      // Planned for each shape of batch, memory fits no other: without a plan a token costs half as much, and no time.
      enableMemPattern: false,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  return new BertTrainingModel(options, parameters, {
    forward: await open(writeOnnx(graphs.embed)),
    backward: await open(writeOnnx(graphs.backward)),
  });
}
