// Teams keeps the contract that every platform keeps.

import { MESSAGE_LIMIT } from '../../../adapters/teams/split-message.js';
import { BUSY, STOPPING, UNAVAILABLE } from '../../../adapters/teams/usage.js';
import { type Occasion, platformContract, type Streaming } from '../../contract/platform.contract.js';
import type { RawActivity } from '../../support/teams-stand-in.js';
import { openBot } from './bot.js';

const occasions: Occasion[] = ['direct', 'mention', 'chatter', 'mention-in-code', 'own', 'bot', 'edited'];

platformContract({
  name: 'teams',
  occasions,
  streaming: ['none', 'native'],
  pings: /<\/?at\b/i,
  messageLimit: MESSAGE_LIMIT,
  async open({ inbox, streaming }) {
    const bot = await openBot({}, inbox);
    const { standIn } = bot;
    let last: RawActivity = {};

    /** Channels know no streams; the contract's drafts are streamed in a personal chat. */
    function activity(occasion: Occasion, text: string): RawActivity {
      switch (occasion) {
        case 'direct':
          return standIn.personalMessage(text);
        case 'chatter':
          return standIn.channelMention(text, { text, entities: [] });
        case 'mention-in-code':
          return standIn.channelMention(text, { text: `\`<at>Chipwright</at> ${text}\`` });
        case 'own':
          return standIn.channelMention(text, { from: { id: standIn.bot } });
        case 'bot':
          return standIn.channelMention(text, { from: { id: '28:another-bot', role: 'bot' } });
        case 'edited':
          return standIn.channelMention(text, {
            type: 'messageUpdate',
            channelData: { eventType: 'editMessage' },
          });
        default:
          return streaming === ('native' satisfies Streaming)
            ? standIn.personalMessage(text)
            : standIn.channelMention(text);
      }
    }

    async function deliver(): Promise<'taken' | 'try-again'> {
      const told = () =>
        standIn.allVisible().filter(({ text }) => [BUSY, STOPPING, UNAVAILABLE].includes(text)).length;
      const before = told();
      const { status } = await standIn.deliver(bot.url, last);
      if (status !== 200) return 'try-again';
      const { admission } = bot.inbox;
      if (admission === 'accepted' || admission === 'duplicate') return 'taken';
      await standIn.until(() => told() > before);
      return 'try-again';
    }

    return {
      platform: bot.platform,
      say(occasion, text) {
        last = activity(occasion, text);
        return deliver();
      },
      again: deliver,
      visible: async () => standIn.allVisible().map(({ text }) => text),
      sent: () => standIn.sent.map(({ raw }) => raw),
      drafts: () => standIn.sent.filter(({ activity: { type } }) => type === 'typing').map(({ raw }) => raw),
      breakStatus: () =>
        standIn.fail({
          failure: { status: 400 },
          times: 1e9,
          when: ({ activity: { type } }) => type === 'typing',
        }),
      close: bot.close,
    };
  },
});
