#!/usr/bin/env node
// The command line: `chipwright <command>`; one file per command.
import { hostname } from 'node:os';
import { Command, CommanderError } from 'commander';
import { askCommand } from './ask.js';
import { auditCommand } from './audit.js';
import { chatCommand } from './chat.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { indexCommand } from './index.js';
import { ingestCommand } from './ingest.js';
import { manifestCommand } from './manifest.js';
import { modelsCommand } from './models.js';
import { searchCommand } from './search.js';
import { EXIT, explain, type Shell } from './shell.js';
import { startCommand } from './start.js';
import { tuneCommand } from './tune.js';
import { ownVersion } from './version.js';

/** Runs one command line (without `node` and the script); resolves to its exit code. */
export async function run(args: readonly string[], shell: Shell): Promise<number> {
  let code: number = EXIT.done;
  const exit = (value: number) => {
    code = value;
  };
  const program = new Command('chipwright')
    .description('Answers engineers from their own documents, with sources they can check.')
    .version(await ownVersion());
  for (const command of [
    startCommand(shell),
    ingestCommand(shell, exit),
    askCommand(shell),
    chatCommand(shell),
    searchCommand(shell),
    modelsCommand(shell, exit),
    indexCommand(shell, exit),
    evalCommand(shell),
    tuneCommand(shell),
    doctorCommand(shell, exit),
    auditCommand(shell, exit),
    manifestCommand(shell),
  ]) {
    program.addCommand(command);
  }
  holdToShell(program, shell, 'chipwright');
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    // Stopped by the person: nothing failed, and what was done until then stays.
    if (shell.signal.aborted && error === shell.signal.reason) return EXIT.stopped;
    return explain(shell, error);
  }
}

/** Lets commander write to the shell and throw instead of exiting, and say where to look after a wrong command line. */
function holdToShell(command: Command, shell: Shell, line: string): void {
  command
    .exitOverride()
    .showHelpAfterError(`(${line} --help shows what there is)`)
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
    });
  for (const child of command.commands) holdToShell(child, shell, `${line} ${child.name()}`);
}

/** What has not ended by itself so long after everything was stopped is cut off, ms. */
const STOP_GRACE_MS = 1_000;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(EXIT.stopped);
    stop.abort();
  });
}
// A reader that went away (`chipwright search ... | head`) is no error.
process.stdout.on('error', () => process.exit(EXIT.done));
process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  machineName: hostname(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
// Nothing that was closed may keep the process: not a keep-alive socket, not an unread standard input.
process.stdin.destroy();
// And whoever was told to stop does not wait for the download of a model.
if (stop.signal.aborted) setTimeout(() => process.exit(), STOP_GRACE_MS).unref();
