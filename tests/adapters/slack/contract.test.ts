// Slack keeps the contract of every platform, over HTTP and over Socket Mode.
import { MESSAGE_CHARS } from '../../../adapters/slack/render/message.js';
import {
  type Occasion,
  type PlatformHarness,
  type PlatformSubject,
  platformContract,
  type RecordingInbox,
  type Told,
} from '../../contract/platform.contract.js';
import { newRecord } from '../../support/reply-record.js';
import { sampleAnswer } from '../../support/sample-answer.js';
import type { JsonObject, Told as SlackTold } from '../../support/slack-stand-in.js';
import { connectSlack } from './connected-slack.js';

const DRAFT_METHODS = ['chat.startStream', 'chat.appendStream', 'chat.postMessage', 'chat.update'];

for (const by of ['http', 'socket'] as const) platformContract(subject(by));

function subject(by: 'http' | 'socket'): PlatformSubject {
  return {
    name: `Slack over ${by}`,
    occasions: [
      'direct',
      'mention',
      'follow-up',
      'chatter',
      'mention-in-code',
      'own',
      'bot',
      'edited',
      'twin',
    ],
    streaming: ['native', 'edit'],
    pings: /<!(channel|here|everyone|subteam)|<@[UW]/,
    messageLimit: MESSAGE_CHARS,
    async open({ inbox, streaming }): Promise<PlatformHarness> {
      const connected = await connectSlack({
        by,
        config: { followUps: true },
        inbox: inbox as RecordingInbox,
      });
      const { slack, platform } = connected;
      slack.ackMs = 200;
      if (streaming === 'edit') slack.fail('chat.startStream', { error: 'unknown_method' }, 1_000);
      let last: (() => Promise<SlackTold>) | undefined;
      const told = ({ taken }: SlackTold): Told => (taken ? 'taken' : 'try-again');

      const say = async (occasion: Occasion, text: string): Promise<Told> => {
        if (occasion === 'twin') {
          const [one, other] = await slack.twins(text);
          last = one.again;
          return one.told.taken && other.told.taken ? 'taken' : 'try-again';
        }
        const said = await saying(occasion, text);
        last = said.again;
        return told(said.told);
      };
      const saying = async (occasion: Exclude<Occasion, 'twin'>, text: string) => {
        switch (occasion) {
          case 'direct':
            return slack.dm(text);
          case 'mention':
            return slack.mention(text);
          case 'follow-up': {
            const { ts } = await slack.mention('A first question');
            await platform.replyTo(connected.question(), newRecord()).finish(sampleAnswer());
            return slack.write(text, { thread: ts });
          }
          case 'chatter':
            return slack.write(text);
          case 'mention-in-code':
            return slack.write(`Look: \`<@UBOT> ${text}\``);
          case 'own':
            return slack.write(`<@UBOT> ${text}`, { user: 'UBOT', over: { bot_id: 'BBOT' } });
          case 'bot':
            return slack.write(`<@UBOT> ${text}`, { user: 'UOTHER', over: { bot_id: 'BOTHER' } });
          case 'edited':
            return slack.write(`<@UBOT> ${text}`, { over: { edited: { user: 'U1', ts: '1.1' } } });
        }
      };

      const isDraft = (method: string, args: JsonObject) =>
        DRAFT_METHODS.includes(method) && !JSON.stringify(args.metadata ?? {}).includes('answer_id');
      return {
        platform,
        say,
        again: async () => told(await (last as () => Promise<SlackTold>)()),
        visible: async () => [...slack.seen('C1'), ...slack.seen('D1')],
        sent: () => slack.calls.map(({ args }) => JSON.stringify(args)),
        drafts: () =>
          slack.calls
            .filter(({ method, args }) => isDraft(method, args))
            .map(({ args }) => JSON.stringify(args)),
        breakStatus: () => {
          slack.fail('assistant.threads.setStatus', { status: 500 }, 10);
          slack.fail('reactions.add', { error: 'missing_scope' }, 10);
        },
        close: connected.close,
      };
    },
  };
}
