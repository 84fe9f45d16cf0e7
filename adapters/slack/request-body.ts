// Raw bytes of a Slack request -> the payload: JSON for events, a form for commands, JSON inside a form for interactions.
import { ChipwrightError } from '../../src/errors.js';

export type Payload = Readonly<Record<string, unknown>>;

/** The payload of a request whose signature was checked. Throws `payload_invalid` when it is not one. */
export function parseBody(body: Buffer, contentType: string | undefined): Payload {
  const text = decode(body);
  if (mediaType(contentType) !== 'application/x-www-form-urlencoded') return parseObject(text);
  const form = new URLSearchParams(text);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : parseObject(payload);
}

/**
 * Slack checks the certificate of a command's address with an unsigned form that says `ssl_check=1`, at most with the old
 * verification token beside it. Anything more is not that check, and must be signed like everything else.
 */
export function isSslCheck(body: Buffer, contentType: string | undefined): boolean {
  if (mediaType(contentType) !== 'application/x-www-form-urlencoded' || body.length > 200) return false;
  const form = [...new URLSearchParams(body.toString('latin1'))];
  const checks = form.filter(([name]) => name === 'ssl_check');
  return (
    checks.length === 1 &&
    checks[0]?.[1] === '1' &&
    form.every(([name]) => name === 'ssl_check' || name === 'token')
  );
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalid('is not UTF-8 text');
  }
}

function parseObject(json: string): Payload {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid('is not JSON'); // The parser's own words would quote the text.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('is not a JSON object');
  return value as Payload;
}

function invalid(what: string): ChipwrightError {
  return new ChipwrightError('payload_invalid', `The body of the Slack request ${what}.`, {
    cure: 'Nothing can be done for this request; if Slack itself sent it, report it with the time.',
  });
}
