// Routes a message to the skill that answers it, and gives it its time.
import type { IncomingMessage } from '../conversation/message.js';
import { Budget } from './budget.js';
import { type QuestionTools, questionSkill } from './question-skill.js';
import type { AnswerEvent, Skill, SkillContext } from './skill.js';

export interface Orchestrator {
  /** Tells how the answer comes about; the last event is the answer. Rejects as `Skill.run` does. */
  answer(message: IncomingMessage, context: SkillContext): AsyncIterable<AnswerEvent>;
}

export interface OrchestratorTools extends QuestionTools {
  /** From the turn of a question to its whole answer, ms; what was written until then is the answer. */
  readonly questionMs: number;
}

/** The orchestrator with its skills. Today every message is a question. */
export function createOrchestrator(tools: OrchestratorTools): Orchestrator {
  const question = questionSkill(tools);
  const route = (_message: IncomingMessage): Skill => question;
  return {
    async *answer(message, { history, signal }) {
      const budget = new Budget(tools.questionMs, signal);
      try {
        yield* route(message).run(message, { history, signal: budget.signal });
      } finally {
        budget.end();
      }
    },
  };
}
