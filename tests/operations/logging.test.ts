// The log keeps secrets: errors are described without the words of others.
import { describe, expect, it } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
import { describeError } from '../../src/operations/logging.js';

describe('describeError', () => {
  it('leaves out the message of a foreign error, which may quote a document', () => {
    const error = Object.assign(new TypeError('cannot parse "the secret plan"'), {
      code: 'EPARSE',
      status: 422,
    });
    const described = describeError(
      new ChipwrightError('internal', 'It failed.', { cure: 'x', cause: error }),
    );
    expect(JSON.stringify(described)).not.toContain('secret plan');
    expect(described).toMatchObject({
      code: 'internal',
      message: 'It failed.',
      cause: { type: 'TypeError', code: 'EPARSE', status: 422 },
    });
  });

  it('copes with whatever is thrown', () => {
    for (const thrown of [undefined, null, 'text', 5, {}])
      expect(describeError(thrown)).toEqual({ type: typeof thrown });
  });
});
