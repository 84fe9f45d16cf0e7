// `chipwright search "question"`: the passages the retriever finds, without an answer.
import { Command } from 'commander';
import { headingLine, type Passage, placeLabel } from '../retrieval/passage.js';
import { RETRIEVAL_MODES } from '../retrieval/retriever.js';
import { audience } from '../safety/access.js';
import { openSession, requireDocuments, withLibrary } from './session.js';
import { oneOf, type Shell, say, wholeNumber } from './shell.js';

export function searchCommand(shell: Shell): Command {
  return new Command('search')
    .description('Show the passages found for a question.')
    .argument('<question>')
    .option('-k, --limit <n>', 'how many passages', '8')
    .option('--mode <mode>', RETRIEVAL_MODES.join(', '), 'hybrid')
    .option('--audience <tags...>', 'search documents of these audiences too')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright search "how is clock uncertainty set" -k 3')
    .action(
      async (
        question: string,
        options: { limit: string; mode: string; audience?: string[]; json: boolean },
      ) => {
        const limit = wholeNumber('-k', options.limit, 1, 1000);
        const mode = oneOf('--mode', options.mode, RETRIEVAL_MODES);
        const session = await openSession(shell);
        const passages = await withLibrary(shell, session, { pull: false }, async (library) => {
          await requireDocuments(library);
          return (await library.retriever.search(question, audience(options.audience), limit, mode)).passages;
        });
        say(
          shell,
          options.json
            ? JSON.stringify({ passages: passages.map(toJson) })
            : passages.map(toText).join('\n\n'),
        );
      },
    );
}

function toJson(passage: Passage, at: number) {
  const { id, path, href, score, text, document } = passage;
  return {
    rank: at + 1,
    id,
    title: headingLine(document.title, path),
    path: document.path,
    href,
    score,
    text,
  };
}

function toText(passage: Passage, at: number): string {
  const { document, path, place, text, score } = passage;
  const heading = headingLine(document.title, path);
  return `${at + 1}. ${heading} (${score.toFixed(2)})\n   ${placeLabel(document, place)}\n${text.replace(/^/gm, '   ')}`;
}
