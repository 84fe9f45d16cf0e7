// `chipwright ask "question"`: one question, one answer with its sources.
import { Command } from 'commander';
import { localMessage } from '../../adapters/terminal/local-message.js';
import { renderAnswer } from '../../adapters/terminal/render-answer.js';
import { openAssistant } from '../main.js';
import { headingLine } from '../retrieval/passage.js';
import { audience } from '../safety/access.js';
import { openSession, requireDocuments, withLibrary } from './session.js';
import { type Shell, say } from './shell.js';

export function askCommand(shell: Shell): Command {
  return new Command('ask')
    .description('Answer one question from the indexed documents.')
    .argument('<question>')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright ask "How do I report the worst setup path?"')
    .action(async (question: string, options: { json: boolean }) => {
      const session = await openSession(shell);
      await withLibrary(shell, session, { pull: false }, async (library) => {
        await requireDocuments(library);
        const assistant = openAssistant(session.config, session.tools, library);
        const message = localMessage(`ask:${session.tools.newId()}`, question, session.tools.now());
        for await (const event of assistant.answer(message, { history: [], signal: shell.signal })) {
          if (event.type !== 'answer') continue;
          const { answer, trace } = event;
          if (!options.json) {
            say(shell, renderAnswer(answer));
            continue;
          }
          const scores = new Map(trace.passages.map(({ id, score }) => [id, score]));
          const passages = await library.index.passages([...scores.keys()], audience());
          const { markdown, grounding, citations, model, note } = answer;
          say(
            shell,
            JSON.stringify({
              question,
              answer: markdown,
              grounding,
              citations: citations.map(({ marker, title, path, place, alsoIn, href, excerpt, score }) => ({
                marker,
                title: headingLine(title, path),
                path: place,
                alsoIn,
                href,
                excerpt,
                score,
              })),
              passages: passages.map(({ id, document, path, href }) => ({
                id,
                title: headingLine(document.title, path),
                path: document.path,
                href,
                score: scores.get(id),
              })),
              model,
              note,
              timings: trace.timings,
            }),
          );
        }
      });
    });
}
