// Whether a request really comes from Slack: the v0 signature over the raw bytes, inside a window of five minutes.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A request older or further in the future than this is refused. Slack's own advice is five minutes. */
const WINDOW_SECONDS = 300;

/** What is signed: the two headers as they came, and the body before any parsing. */
export interface SignedRequest {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Buffer;
}

export type Refusal = 'no-secret' | 'no-timestamp' | 'no-signature' | 'outside-window' | 'mismatch';

/**
 * Why the request is refused, or nothing when it is genuine. The window has two sides: a replayed request is as wrong
 * from the future as from the past. A header that came twice arrives joined by a comma and fails the patterns.
 * @param nowMs milliseconds since the epoch
 */
export function refusalOf(request: SignedRequest, signingSecret: string, nowMs: number): Refusal | undefined {
  if (signingSecret === '') return 'no-secret';
  const { timestamp, signature } = request;
  if (timestamp === undefined || !/^[0-9]{1,12}$/.test(timestamp)) return 'no-timestamp';
  if (signature === undefined || !/^v0=[0-9a-f]{64}$/.test(signature)) return 'no-signature';
  if (Math.abs(Math.floor(nowMs / 1000) - Number(timestamp)) > WINDOW_SECONDS) return 'outside-window';
  const expected = signatureOf(timestamp, request.body, signingSecret);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(signature)) ? undefined : 'mismatch';
}

/** The `X-Slack-Signature` that Slack computes for this body at this timestamp (seconds, as text). */
export function signatureOf(timestamp: string, body: Buffer, signingSecret: string): string {
  const hmac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body);
  return `v0=${hmac.digest('hex')}`;
}
