// `chipwright chat`: a conversation in this terminal, nothing else connected.
import { Command } from 'commander';
import { openAssistant } from '../main.js';
import { serveUntilStopped } from './serve.js';
import { openSession, requireDocuments, withLibrary } from './session.js';
import type { Shell } from './shell.js';

export function chatCommand(shell: Shell): Command {
  return new Command('chat')
    .description('Talk to the assistant in this terminal.')
    .addHelpText('after', '\nExamples:\n  chipwright chat\n  echo "What is a corner?" | chipwright chat')
    .action(async () => {
      const { config, tools } = await openSession(shell);
      const alone = { ...config, slack: null, teams: null };
      await withLibrary(shell, { config: alone, tools }, { pull: false }, async (library) => {
        await requireDocuments(library);
        await serveUntilStopped(shell, alone, tools, openAssistant(alone, tools, library), {
          terminal: true,
        });
      });
    });
}
