// The `response_url` of a command or button: a way to the one person who used it, five times within 30 minutes.
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';
import type { MessagePart } from './render/message.js';
import { CALL_TIMEOUT_MS } from './web-client.js';

/** Uses that Slack allows for one `response_url`. */
export const RESPONSE_URL_USES = 5;

const SLACK_HOSTS = /(^|\.)slack(-gov)?\.com$/;

export interface PrivateMessage {
  readonly part: MessagePart;
  /** Takes the place of the message whose button was pressed. */
  readonly replaceOriginal?: boolean;
}

export class ResponseUrls {
  readonly #apiUrl: string | undefined;
  readonly #fetch: typeof globalThis.fetch;

  constructor(apiUrl: string | undefined, fetch: typeof globalThis.fetch) {
    this.#apiUrl = apiUrl;
    this.#fetch = fetch;
  }

  /**
   * Sends one ephemeral message. Rejects with `payload_invalid` for an address that is not Slack's: the address came in
   * with a request, and answers go only where Slack is. Rejects with `delivery_rejected` when it is used up or expired.
   */
  async send(url: string, { part, replaceOriginal }: PrivateMessage): Promise<void> {
    if (!this.#isSlack(url)) {
      throw new ChipwrightError(
        'payload_invalid',
        'The response address of a Slack request is not at Slack.',
        {
          cure: 'If the Slack API is reached through another host, set the API address in the configuration.',
        },
      );
    }
    const body = {
      response_type: 'ephemeral',
      replace_original: replaceOriginal === true,
      text: part.text,
      blocks: part.blocks,
    };
    const status = await this.#post(url, body);
    if (status >= 200 && status < 300) return;
    throw new ChipwrightError(
      'delivery_rejected',
      `Slack did not take the private answer (HTTP ${status}).`,
      {
        cure: 'Ask again: a private answer can be delivered for 30 minutes only.',
        retryable: status === 429 || status >= 500,
      },
    );
  }

  async #post(url: string, body: object): Promise<number> {
    try {
      const response = await this.#fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.status;
    } catch (cause) {
      throw new ChipwrightError('delivery_rejected', 'Slack did not take the private answer in time.', {
        cure: 'Ask again.',
        retryable: true,
        cause,
      });
    }
  }

  #isSlack(address: string): boolean {
    const url = z.url().safeParse(address).success ? new URL(address) : undefined;
    if (url === undefined || url.username !== '' || url.password !== '') return false;
    if (this.#apiUrl !== undefined && url.host === new URL(this.#apiUrl).host) return true;
    return url.protocol === 'https:' && url.port === '' && SLACK_HOSTS.test(url.hostname);
  }
}
