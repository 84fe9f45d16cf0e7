// `chipwright audit verify`: whether the audit log is as it was written.
import { Command } from 'commander';
import { auditFolder } from '../main.js';
import { verifyAudit } from '../operations/audit-log.js';
import { openSession } from './session.js';
import { EXIT, type Shell, say } from './shell.js';

export function auditCommand(shell: Shell, exit: (code: number) => void): Command {
  const audit = new Command('audit').description('Check the audit log.');
  audit
    .command('verify')
    .description('Say whether the audit log is whole, or name its first broken line.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright audit verify')
    .action(async (options: { json: boolean }) => {
      const { config } = await openSession(shell);
      const report = await verifyAudit(auditFolder(config));
      if (report?.broken !== undefined) exit(EXIT.failed);
      say(shell, options.json ? JSON.stringify(report ?? { lines: 0, files: 0 }) : describe(report));
    });
  return audit;
}

function describe(report: Awaited<ReturnType<typeof verifyAudit>>): string {
  if (report === undefined) return 'Nothing is recorded yet.';
  const { broken, lines, files, torn, fromTheBeginning, last } = report;
  if (broken !== undefined) return `BROKEN at line ${broken.line} of ${broken.file}: ${broken.why}.`;
  return [
    `Whole: ${lines} lines in ${files} files${fromTheBeginning ? '' : '; older ones are not here'}.`,
    ...(torn === 0 ? [] : [`Cut off by a crash: ${torn}.`]),
    `SHA-256 of the last line: ${last}`,
  ].join('\n');
}
