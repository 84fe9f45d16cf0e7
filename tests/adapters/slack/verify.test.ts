// Only what Slack signed, over these very bytes and within five minutes, is taken for Slack's.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf, signatureOf } from '../../../adapters/slack/verify.js';

const SECRET = 'e6b19c573432dcc6b075501d51b51bb8';
const NOW = 1_760_000_000_000;
const SECONDS = NOW / 1000;
const BODY = Buffer.from('{"type":"event_callback","event":{"type":"app_mention","text":"caf\u00e9"}}');

const sign = (timestamp: string, body = BODY, secret = SECRET) => signatureOf(timestamp, body, secret);
const at = (offset: number) => String(SECONDS + offset);
const good = sign(at(0));

interface Row {
  readonly timestamp?: string | undefined;
  readonly signature?: string | undefined;
  readonly body?: Buffer;
  readonly secret?: string;
}

describe('a genuine request', () => {
  it('is taken, with the signature as Slack documents it', () => {
    const digest = createHmac('sha256', SECRET)
      .update(`v0:${at(0)}:${BODY.toString()}`)
      .digest('hex');
    expect(
      refusalOf({ timestamp: at(0), signature: `v0=${digest}`, body: BODY }, SECRET, NOW),
    ).toBeUndefined();
  });

  it.each([-300, -299, 0, 1, 299, 300])('is taken %i s off', (offset) => {
    const timestamp = at(offset);
    expect(refusalOf({ timestamp, signature: sign(timestamp), body: BODY }, SECRET, NOW)).toBeUndefined();
  });

  it.each([Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00]), Buffer.alloc(1_000_000, 'a')])(
    'is taken whatever its bytes are',
    (body) => {
      expect(
        refusalOf({ timestamp: at(0), signature: sign(at(0), body), body }, SECRET, NOW),
      ).toBeUndefined();
    },
  );
});

const flipped = Buffer.from(BODY);
flipped[3] = (flipped[3] as number) ^ 1;

const BAD: Record<string, Row> = {
  'no signature': { signature: undefined },
  'no timestamp': { timestamp: undefined },
  'neither header': { signature: undefined, timestamp: undefined },
  'an empty signature': { signature: '' },
  'an empty timestamp': { timestamp: '', signature: sign('') },
  'the signature doubled': { signature: `${good}, ${good}` },
  'the timestamp doubled': { timestamp: `${at(0)}, ${at(0)}` },
  'a wrong signature before the right one': { signature: `v0=${'0'.repeat(64)}, ${good}` },
  'version 1': { signature: good.replace('v0', 'v1') },
  'no version': { signature: good.slice(3) },
  'the version alone': { signature: 'v0=' },
  'upper-case version': { signature: good.replace('v0', 'V0') },
  'upper-case hex': { signature: `v0=${good.slice(3).toUpperCase().replace(/\d/g, 'A')}` },
  'odd-length hex': { signature: good.slice(0, -1) },
  'one digit more': { signature: `${good}0` },
  'half the digits': { signature: good.slice(0, 35) },
  'digits that are not hex': { signature: `v0=${'g'.repeat(64)}` },
  'multi-byte digits': { signature: `v0=${'\u00e9'.repeat(64)}` },
  'base64 instead of hex': {
    signature: `v0=${createHmac('sha256', SECRET)
      .update(`v0:${at(0)}:`)
      .update(BODY)
      .digest('base64')}`,
  },
  'a space before': { signature: ` ${good}` },
  'a line end after': { signature: `${good}\n` },
  'a null byte after': { signature: `${good}\0` },
  'all zeros': { signature: `v0=${'0'.repeat(64)}` },
  'the last digit changed': { signature: good.slice(0, -1) + (good.endsWith('0') ? '1' : '0') },
  'one byte of the body changed': { body: flipped },
  'a byte added to the body': { body: Buffer.concat([BODY, Buffer.from(' ')]) },
  'the body cut short': { body: BODY.subarray(0, -1) },
  'no body': { body: Buffer.alloc(0) },
  'the body written anew from the same JSON': {
    body: Buffer.from(JSON.stringify(JSON.parse(BODY.toString()), null, 1)),
  },
  'the body in another encoding': { body: Buffer.from(BODY.toString(), 'latin1') },
  'the signature of another secret': { signature: sign(at(0), BODY, 'another secret') },
  'the signature of an empty secret': { signature: signatureOf(at(0), BODY, '') },
  'an empty secret on both sides': { secret: '', signature: signatureOf(at(0), BODY, '') },
  'the signature of another timestamp': { signature: sign(at(-1)) },
  '301 seconds old': { timestamp: at(-301), signature: sign(at(-301)) },
  '301 seconds ahead': { timestamp: at(301), signature: sign(at(301)) },
  'a day ahead': { timestamp: at(86_400), signature: sign(at(86_400)) },
  'a year old': { timestamp: at(-31_536_000), signature: sign(at(-31_536_000)) },
  'timestamp NaN': { timestamp: 'NaN', signature: sign('NaN') },
  'timestamp 1e308': { timestamp: '1e308', signature: sign('1e308') },
  'timestamp Infinity': { timestamp: 'Infinity', signature: sign('Infinity') },
  'a negative timestamp': { timestamp: `-${at(0)}`, signature: sign(`-${at(0)}`) },
  'a timestamp in milliseconds': { timestamp: String(NOW), signature: sign(String(NOW)) },
  'a timestamp with a fraction': { timestamp: `${at(0)}.0`, signature: sign(`${at(0)}.0`) },
  'a timestamp in hex': {
    timestamp: `0x${SECONDS.toString(16)}`,
    signature: sign(`0x${SECONDS.toString(16)}`),
  },
  'a timestamp with a space': { timestamp: ` ${at(0)}`, signature: sign(` ${at(0)}`) },
};

describe('a request that is not Slack\u2019s', () => {
  it.each(Object.entries(BAD))('is refused: %s', (_, row) => {
    const { secret = SECRET, body = BODY } = row;
    const timestamp = 'timestamp' in row ? row.timestamp : at(0);
    const signature = 'signature' in row ? row.signature : good;
    expect(refusalOf({ timestamp, signature, body }, secret, NOW)).toBeDefined();
  });

  it('is refused exactly when anything was touched', () => {
    const touch = fc.oneof(
      fc.constant('nothing' as const),
      fc.constantFrom('body' as const, 'secret' as const, 'timestamp' as const, 'signature' as const),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.string({ minLength: 1 }),
        fc.integer({ min: -300, max: 300 }),
        touch,
        fc.nat(),
        (bytes, secret, offset, touched, where) => {
          const timestamp = at(offset);
          const signature = signatureOf(timestamp, Buffer.from(bytes), secret);
          const body = Buffer.from(bytes);
          if (touched === 'body')
            body[where % body.length] = (body[where % body.length] as number) ^ (1 + (where % 255));
          const digit = 3 + (where % 64);
          const changed = signature[digit] === 'a' ? 'b' : 'a';
          const refusal = refusalOf(
            {
              timestamp: touched === 'timestamp' ? at(offset === 300 ? 299 : offset + 1) : timestamp,
              signature:
                touched === 'signature'
                  ? signature.slice(0, digit) + changed + signature.slice(digit + 1)
                  : signature,
              body,
            },
            touched === 'secret' ? `${secret}x` : secret,
            NOW,
          );
          return (refusal === undefined) === (touched === 'nothing');
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
