// Counts and times the answering of one message, from the outside: the way to the answer knows nothing of it.
import type { IncomingMessage } from '../conversation/message.js';
import type { Metrics, Outcome } from '../conversation/metrics.js';
import type { Delivery, Reply } from '../conversation/reply.js';
import { toChipwrightError } from '../errors.js';
import type { Response } from './respond.js';
import type { Trace } from './skill.js';

export interface Observing {
  readonly message: IncomingMessage;
  readonly reply: Reply;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Runs `answer` with a reply that is counted; settles as it does. */
export async function observed(
  observing: Observing,
  answer: (reply: Reply) => Promise<Response>,
): Promise<Response> {
  const { message, reply, signal, metrics, now } = observing;
  const { platform } = message.thread;
  const started = now();
  let outcome: Outcome = 'undelivered';
  try {
    const response = await answer(countedReply(reply, observing));
    outcome = response.kind === 'answer' ? response.answer.grounding : response.notice.kind;
    if (response.kind === 'answer') tellStages(response.trace, metrics);
    return response;
  } catch (thrown) {
    if (signal.aborted) outcome = 'stopped';
    throw thrown;
  } finally {
    metrics.answered(platform, outcome);
    metrics.stage('whole', (now() - started) / 1_000);
  }
}

function tellStages({ mode, timings, usage }: Trace, metrics: Metrics): void {
  if (mode !== 'none') {
    metrics.stage('encode', timings.encodeMs / 1_000);
    metrics.stage('search', timings.searchMs / 1_000);
    metrics.stage('generate', timings.modelMs / 1_000);
  }
  if (timings.firstTokenMs !== undefined) metrics.stage('first_token', timings.firstTokenMs / 1_000);
  if (usage !== undefined) metrics.tokens(usage.inputTokens, usage.outputTokens);
}

/** `reply`, with what the platform took and did not take counted. */
function countedReply(reply: Reply, { message, metrics }: Pick<Observing, 'message' | 'metrics'>): Reply {
  const { platform } = message.thread;
  const counted = async (what: 'answer' | 'notice', delivery: Promise<Delivery>): Promise<Delivery> => {
    try {
      const delivered = await delivery;
      metrics.delivered(platform, what);
      return delivered;
    } catch (thrown) {
      metrics.notDelivered(platform, toChipwrightError(thrown).code);
      throw thrown;
    }
  };
  return {
    status: (stage) => reply.status(stage),
    stream: (draft) => reply.stream(draft),
    finish: (answer) => counted('answer', reply.finish(answer)),
    fail: (notice) => counted('notice', reply.fail(notice)),
  };
}
