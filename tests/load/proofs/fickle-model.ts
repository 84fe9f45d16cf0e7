// A language model that writes at once, slowly, or not at all, so that now and then each stage of an answer lasts.
import { type OpenAiStandIn, startOpenAiStandIn } from '../../support/openai-stand-in.js';

const WRITTEN = 'Run `list_setup_paths -worst 10` to list the ten worst setup paths of the block [1]. ';

export function fickleModel(random: () => number): Promise<OpenAiStandIn> {
  return startOpenAiStandIn(() => {
    const luck = random();
    if (luck < 0.1) return { as: 'status', status: 500 };
    if (luck < 0.3) return { as: 'answer', text: WRITTEN };
    return { as: 'drip', text: WRITTEN, gapMs: Math.ceil(random() * 200) };
  });
}
