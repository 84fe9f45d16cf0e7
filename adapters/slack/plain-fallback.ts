// The second try with a message whose blocks Slack does not take: the same words in plain blocks.
import { BAD_BLOCKS, slackCode } from './delivery-error.js';
import type { MessagePart } from './render/message.js';

/** Sends `part`, and once more in its plain blocks when Slack refuses the rich ones. Rejects as `send` does. */
export async function withPlainFallback<T>(
  part: MessagePart,
  send: (part: MessagePart) => Promise<T>,
): Promise<T> {
  try {
    return await send(part);
  } catch (error) {
    if (!BAD_BLOCKS.has(slackCode(error) ?? '')) throw error;
    return send({ ...part, blocks: part.plain });
  }
}
