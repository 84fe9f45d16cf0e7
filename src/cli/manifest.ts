// `chipwright manifest`: the files an administrator uploads.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { teamsAppPackage } from '../../adapters/teams/app-package.js';
import { ChipwrightError } from '../errors.js';
import { packageRoot } from '../main.js';
import { type Shell, say } from './shell.js';
import { ownVersion } from './version.js';

export function manifestCommand(shell: Shell): Command {
  const manifest = new Command('manifest').description('Write the app manifests for the platforms.');
  manifest
    .command('teams')
    .description(
      'Write the Teams app package: a zip with manifest and icons, to be uploaded in the Teams admin center.',
    )
    .requiredOption('--app-id <id>', 'Microsoft App ID of the bot')
    .requiredOption('--host <host>', 'public host name of the bot, such as bot.example.com')
    .option('--out <file>', 'where to write it', 'chipwright-teams.zip')
    .addHelpText(
      'after',
      '\nExample:\n  chipwright manifest teams --app-id 00000000-0000-0000-0000-000000000000 --host bot.example.com',
    )
    .action(async (options: { appId: string; host: string; out: string }) => {
      const version = await ownVersion();
      const content = teamsAppPackage({ appId: options.appId, host: options.host, version });
      await writeFile(options.out, content).catch((cause: unknown) => {
        throw new ChipwrightError('usage_invalid', `${options.out} cannot be written.`, {
          cure: 'Name a file in a folder that is there and may be written to: `--out FILE`.',
          cause,
        });
      });
      say(shell, `Wrote ${options.out}. Upload it in Teams: Apps > Manage your apps > Upload an app.`);
    });
  manifest
    .command('slack')
    .description('Print manifest.yml, to be pasted at api.slack.com/apps > Create New App > From a manifest.')
    .addHelpText('after', '\nExample:\n  chipwright manifest slack')
    .action(async () => say(shell, (await readFile(join(packageRoot(), 'manifest.yml'), 'utf8')).trimEnd()));
  return manifest;
}
