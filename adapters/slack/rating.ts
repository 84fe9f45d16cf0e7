// The two thumbs under an answer, and what is done when somebody presses one.
import type { ContextActionsBlock } from '@slack/types';
import type { Rated, Rating, Ratings } from '../../src/conversation/platform.js';
import { RATE_ACTION } from './app-surface.js';
import type { RatingPayload } from './payloads.js';
import type { MessagePart } from './render/message.js';

/** Slack takes 50 blocks a message. */
const MOST_BLOCKS = 50;

/** The message with thumbs below it. Its plain form has none: it is for when Slack refuses blocks. */
export function rateable(part: MessagePart, answerId: string): MessagePart {
  if (part.blocks.length >= MOST_BLOCKS) return part;
  const thumbs: ContextActionsBlock = {
    type: 'context_actions',
    elements: [
      {
        type: 'feedback_buttons',
        action_id: RATE_ACTION,
        positive_button: {
          text: { type: 'plain_text', text: 'Helpful' },
          value: `helpful:${answerId}`,
          accessibility_label: 'This answer helped',
        },
        negative_button: {
          text: { type: 'plain_text', text: 'Not helpful' },
          value: `unhelpful:${answerId}`,
          accessibility_label: 'This answer did not help',
        },
      },
    ],
  };
  return { ...part, blocks: [...part.blocks, thumbs] };
}

/** Undefined when the pressed button is none of ours. */
export function readRating({ user, team, actions }: RatingPayload): Rating | undefined {
  const [, verdict, of] = /^(helpful|unhelpful):(.+)$/s.exec(actions[0]?.value ?? '') ?? [];
  if (of === undefined || (verdict !== 'helpful' && verdict !== 'unhelpful')) return undefined;
  return { platform: 'slack', of, by: { tenant: user.team_id ?? team?.id ?? '', id: user.id }, verdict };
}

/** Keeps the rating. Resolves to what its author is told. */
export async function rate(rating: Rating, ratings: Ratings): Promise<string> {
  const rated = await ratings.rate(rating);
  return WORDS[rated === 'kept' ? rating.verdict : rated];
}

const WORDS: Readonly<Record<Rating['verdict'] | Exclude<Rated, 'kept'>, string>> = {
  helpful: 'Thank you. The search learns from this the next time it is tuned.',
  unhelpful:
    'Thank you. The search learns from this the next time it is tuned. For another answer now, ask in other words.',
  unknown: 'This answer is too old to be rated.',
  unavailable: 'Your rating could not be kept. Try again in a few minutes.',
};
