// What the Qdrant client throws, as one of our errors.
import { QdrantClientResourceExhaustedError, QdrantClientTimeoutError } from '@qdrant/js-client-rest';
import { ChipwrightError } from '../errors.js';

/**
 * Every failure of a call to Qdrant comes through here. `doing` completes "… while …". What the server wrote is left out: it may
 * quote the document it was sent. The wait that a 429 asks for is left out too: this client reads only its first digit.
 */
export function fromQdrant(thrown: unknown, doing: string): ChipwrightError {
  if (thrown instanceof ChipwrightError) return thrown;
  const status = statusOf(thrown);
  if (status !== undefined) return fromStatus(status, thrown, doing);
  if (thrown instanceof QdrantClientTimeoutError) {
    return unavailable(`The Qdrant server did not answer in time while ${doing}.`, thrown, {
      retryable: true,
      cure: 'Check its load; `chipwright doctor` tells when it answers again.',
    });
  }
  if (thrown instanceof SyntaxError || isWithoutResult(thrown)) {
    return unavailable(
      `What answers at QDRANT_URL does not speak as Qdrant does, seen while ${doing}.`,
      thrown,
      {
        retryable: true,
        cure: 'Check that QDRANT_URL names a Qdrant server, and what the proxies before it do.',
      },
    );
  }
  if (isBrokenConnection(thrown)) {
    const code = connectionCode(thrown);
    return unavailable(
      `The Qdrant server could not be reached${code === undefined ? '' : ` (${code})`} while ${doing}.`,
      thrown,
      { retryable: true, cure: 'Check that the server runs and that QDRANT_URL is right.' },
    );
  }
  return unavailable(`The Qdrant client failed while ${doing}.`, thrown, {
    retryable: false,
    cure: 'Try again; if it happens again, report it with the lines of the log.',
  });
}

/** Whether the server said that the collection, or the path, is not there. */
export function isNotFound(thrown: unknown): boolean {
  return statusOf(thrown) === 404;
}

/** Whether somebody else made the collection first: 409, or 400 when an alias has the name. */
export function isTaken(thrown: unknown): boolean {
  const status = statusOf(thrown);
  return status === 409 || (status === 400 && /already exists/i.test(reasonOf(thrown)));
}

function fromStatus(status: number, thrown: unknown, doing: string): ChipwrightError {
  switch (status) {
    case 401:
    case 403:
      return new ChipwrightError(
        'index_refused',
        `The Qdrant server refused the API key (${status}) while ${doing}.`,
        {
          cure: 'Set QDRANT_API_KEY to a key of this server that may read and write, or let the server take the one that is set.',
          cause: thrown,
        },
      );
    case 404:
      return unavailable(`The Qdrant server has no such collection or path (404) while ${doing}.`, thrown, {
        retryable: false,
        cure: 'Check QDRANT_URL; if the collection was deleted, restart and run `chipwright ingest`.',
      });
    case 429:
      return unavailable(`The Qdrant server asks to slow down (429) while ${doing}.`, thrown, {
        retryable: true,
        cure: 'Try again in a moment; raise its rate limit if this happens often.',
      });
  }
  if (/vector dimension error|not existing vector name/i.test(reasonOf(thrown))) {
    return new ChipwrightError(
      'index_mismatch',
      `The Qdrant collection holds vectors of another shape (found while ${doing}).`,
      {
        cure: 'Go back to the earlier model, or build the index anew with `chipwright ingest --rebuild DIR`.',
        cause: thrown,
      },
    );
  }
  if (/no space left|disk (is )?full|not enough (disk )?space|out of disk/i.test(reasonOf(thrown))) {
    return unavailable(`The disk of the Qdrant server is full, seen while ${doing}.`, thrown, {
      retryable: false,
      cure: 'Free some space on the server; what is stored stays, and the next run goes on from there.',
    });
  }
  if (/read[- ]?only/i.test(reasonOf(thrown))) {
    return unavailable(`The Qdrant server takes no changes at the moment, seen while ${doing}.`, thrown, {
      retryable: false,
      cure: 'Take the server or the collection out of its read-only mode, then run the command again.',
    });
  }
  const retryable = status >= 500 || status === 408;
  return unavailable(`The Qdrant server answered with status ${status} while ${doing}.`, thrown, {
    retryable,
    cure: retryable
      ? 'Try again in a moment; look in the log of the Qdrant server if it goes on.'
      : 'Look in the log of the Qdrant server for the reason; check that its version is 1.19 or later.',
  });
}

function unavailable(
  message: string,
  cause: unknown,
  { retryable, cure }: { retryable: boolean; cure: string },
): ChipwrightError {
  return new ChipwrightError('index_unavailable', message, { cure, retryable, cause });
}

/** The client's `ApiError` is not exported, and a 429 has three shapes of which only one carries a status. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ('status' in thrown && typeof thrown.status === 'number') return thrown.status;
  if (thrown instanceof QdrantClientResourceExhaustedError) return 429;
  if (thrown.message.startsWith('Invalid retryAfter value')) return 429;
  // QdrantClientUnexpectedResponseError: the status stands only in its message.
  const told = /^Unexpected Response: (\d{3})\b/.exec(thrown.message)?.[1];
  return told === undefined ? undefined : Number(told);
}

/** The server's own words, to recognise a case by; never to be shown. */
function reasonOf(thrown: unknown): string {
  const data = thrown instanceof Error && 'data' in thrown ? thrown.data : undefined;
  const status = isRecord(data) ? data.status : undefined;
  return isRecord(status) && typeof status.error === 'string' ? status.error : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A 200 with something else than Qdrant's envelope, such as a proxy's page. */
function isWithoutResult(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === 'Result came uninitialized';
}

/** `fetch` throws a TypeError of one of these two messages: before the answer began, and in the middle of it. */
function isBrokenConnection(thrown: unknown): thrown is TypeError {
  return thrown instanceof TypeError && /^(fetch failed|terminated)$/.test(thrown.message);
}

function connectionCode({ cause }: TypeError): string | undefined {
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined;
}
