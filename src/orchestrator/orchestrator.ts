// Routes a message to the skill that answers it.
import type { IncomingMessage } from '../conversation/message.js';
import { type QuestionTools, questionSkill } from './question-skill.js';
import type { AnswerEvent, Skill, SkillContext } from './skill.js';

export interface Orchestrator {
  /** Tells how the answer comes about; the last event is the answer. Rejects as `Skill.run` does. */
  answer(message: IncomingMessage, context: SkillContext): AsyncIterable<AnswerEvent>;
}

/** The orchestrator with its skills. Today every message is a question. */
export function createOrchestrator(tools: QuestionTools): Orchestrator {
  const question = questionSkill(tools);
  const route = (_message: IncomingMessage): Skill => question;
  return { answer: (message, context) => route(message).run(message, context) };
}
