// Counts, times, traces and takes down the answering of one message, from the outside: the way to the answer knows nothing of it.
import { ROOT_CONTEXT, type SpanContext, type Tracer, trace } from '@opentelemetry/api';
import type { AuditEntry, AuditTrail } from '../conversation/audit.js';
import type { IncomingMessage } from '../conversation/message.js';
import type { Metrics, Outcome } from '../conversation/metrics.js';
import type { Delivery, Reply } from '../conversation/reply.js';
import { inSpan } from '../conversation/span.js';
import { toChipwrightError } from '../errors.js';
import type { Response } from './respond.js';
import type { Trace } from './skill.js';

export interface Observing {
  readonly message: IncomingMessage;
  readonly reply: Reply;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly tracer: Tracer;
  /** The span in which the message was accepted. */
  readonly acceptedIn: SpanContext | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Runs `answer` with a reply that is counted; settles as it does. */
export async function observed(
  observing: Observing,
  answer: (reply: Reply) => Promise<Response>,
): Promise<Response> {
  const { message, reply, signal, metrics, audit, tracer, acceptedIn, now } = observing;
  const { platform } = message.thread;
  const started = now();
  const parent = acceptedIn === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, acceptedIn);
  const attributes = { 'chipwright.platform': platform };
  return inSpan(tracer, 'question', { attributes, parent }, async (span) => {
    let outcome: Outcome = 'undelivered';
    let response: Response | undefined;
    try {
      response = await answer(countedReply(reply, observing));
      outcome = response.kind === 'answer' ? response.answer.grounding : response.notice.kind;
      if (response.kind === 'answer') tellStages(response.trace, metrics);
      return response;
    } catch (thrown) {
      if (signal.aborted) outcome = 'stopped';
      throw thrown;
    } finally {
      span.setAttribute('chipwright.outcome', outcome);
      metrics.answered(platform, outcome);
      metrics.stage('whole', (now() - started) / 1_000);
      audit.record(entryOf(message, { at: new Date(now()).toISOString(), outcome, response }));
    }
  });
}

/** What the audit log holds of it: ids, no words. */
function entryOf(
  { id, thread, author, surface, visibility }: IncomingMessage,
  ended: { readonly at: string; readonly outcome: Outcome; readonly response: Response | undefined },
): AuditEntry {
  const { at, outcome, response } = ended;
  const answered = response?.kind === 'answer' ? response : undefined;
  const notice = response?.kind === 'notice' ? response.notice : undefined;
  return {
    at,
    message: id,
    platform: thread.platform,
    tenant: thread.tenant,
    thread: thread.key,
    person: author.id,
    surface,
    visibility,
    skill: answered?.trace.skill ?? null,
    outcome,
    reference: answered?.answer.id ?? notice?.reference ?? null,
    passages: answered?.trace.passages.map((passage) => passage.id) ?? [],
    cited: answered?.answer.citations.map(({ passageId }) => passageId) ?? [],
    generation: answered?.trace.from?.generation ?? null,
    encoder: answered?.trace.from?.encoder ?? null,
    model: answered?.answer.model ?? null,
  };
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

/** `reply`, with what the platform took and did not take counted, and each delivery a span. */
function countedReply(
  reply: Reply,
  { message, metrics, tracer }: Pick<Observing, 'message' | 'metrics' | 'tracer'>,
): Reply {
  const { platform } = message.thread;
  const counted = (what: 'answer' | 'notice', deliver: () => Promise<Delivery>): Promise<Delivery> =>
    inSpan(tracer, 'deliver', { attributes: { 'chipwright.kind': what } }, async () => {
      try {
        const delivered = await deliver();
        metrics.delivered(platform, what);
        return delivered;
      } catch (thrown) {
        metrics.notDelivered(platform, toChipwrightError(thrown).code);
        throw thrown;
      }
    });
  return {
    status: (status) => reply.status(status),
    stream: (draft) => reply.stream(draft),
    finish: (answer) => counted('answer', () => reply.finish(answer)),
    fail: (notice) => counted('notice', () => reply.fail(notice)),
  };
}
