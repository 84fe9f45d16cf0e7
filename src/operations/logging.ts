// The log: one JSON object a line; ids, sizes, timings and codes, never what people or documents say.
import { destination, type Logger, pino } from 'pino';
import { ChipwrightError } from '../errors.js';

/** Writes to `file`, or to standard error. */
export function createLog(file?: string): Logger {
  return pino(
    { base: null, serializers: { err: describeError } },
    destination({ dest: file ?? 2, sync: true }),
  );
}

/**
 * What may be known of an error: names, codes and where it came from. Messages of others are left out, as they may quote a
 * document or a question.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(error instanceof ChipwrightError ? { message: error.message } : {}),
    at: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6)
      .map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
