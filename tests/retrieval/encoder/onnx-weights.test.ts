// Weights come out of an ONNX export as they went in, though the export hides the names of dense weights.
import { describe, expect, it } from 'vitest';
import { buildBertGraph } from '../../../src/retrieval/encoder/bert-graph.js';
import { writeOnnx } from '../../../src/retrieval/encoder/onnx-file.js';
import { bertWeightsFromOnnx } from '../../../src/retrieval/encoder/onnx-weights.js';
import { writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { anonymousExport } from './anonymous-export.js';
import { tinyConfig, tinyWeights } from './tiny-model.js';

describe('weights from an ONNX file', () => {
  it('are the same bytes as the original ones', () => {
    const weights = tinyWeights(3);
    const found = bertWeightsFromOnnx(anonymousExport(weights), tinyConfig);
    expect(writeSafetensors(found)).toEqual(writeSafetensors(weights));
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a text', new TextEncoder().encode('<html>404</html>')],
    ['a file cut off', anonymousExport(tinyWeights(3)).subarray(0, 9_000)],
    [
      'another model',
      writeOnnx(buildBertGraph({ ...tinyConfig, num_hidden_layers: 1 }, tinyWeights(3), 'cls')),
    ],
  ])('are refused from %s', (_, bytes) => {
    expect(() => bertWeightsFromOnnx(bytes, tinyConfig)).toThrow(
      expect.objectContaining({ code: 'model_corrupt' }),
    );
  });
});
