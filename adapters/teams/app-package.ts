// The Teams app package: the zip an administrator uploads to make the bot known to Teams.
import { strToU8, zipSync } from 'fflate';
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';
import { colourIcon, outlineIcon } from './app-icons.js';

const MANIFEST_VERSION = '1.19';

/** Limits of the manifest schema. */
const SHORT_NAME = 30;

const COMMANDS = [
  { title: 'help', description: 'How to ask, and what the answers show' },
  { title: 'ask', description: "Ask a question about your team's documents" },
];

export interface AppPackage {
  /** Application id of the Azure Bot, a GUID. It also identifies the Teams app. */
  readonly appId: string;
  /** Public host name of the messaging endpoint, without scheme, port and path: `bot.example.com`. */
  readonly host: string;
  /** `major.minor.patch`; raise it with every upload. */
  readonly version: string;
  /** At most 30 characters; Chipwright unless given. */
  readonly name?: string;
}

const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

const optionsSchema = z.object({
  appId: z.guid('must be the GUID of the app registration'),
  host: z.string().regex(DOMAIN, 'must be a host name such as bot.example.com, without https:// and path'),
  version: z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/, 'must be three numbers such as 1.0.0'),
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(SHORT_NAME, `must have at most ${SHORT_NAME} characters`)
    .optional(),
});

/** The bytes of the zip; the same options give the same bytes. Throws `config_invalid` for what Teams would refuse. */
export function teamsAppPackage(options: AppPackage): Uint8Array {
  const checked = optionsSchema.safeParse(options);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = String(issue?.path[0] ?? 'options');
    throw new ChipwrightError(
      'config_invalid',
      `The Teams app package cannot be made: ${field} ${issue?.message}.`,
      {
        cure: `Correct ${field} and make the package again.`,
      },
    );
  }
  const files = {
    'manifest.json': strToU8(`${JSON.stringify(manifest(checked.data), null, 2)}\n`),
    'color.png': new Uint8Array(colourIcon()),
    'outline.png': new Uint8Array(outlineIcon()),
  };
  // The earliest date a zip can hold: the package depends on its options alone.
  return zipSync(files, { mtime: new Date(1980, 0, 1), level: 9 });
}

function manifest({ appId, host, version, name = 'Chipwright' }: z.infer<typeof optionsSchema>) {
  const scopes = ['personal', 'team', 'groupChat'];
  const website = `https://${host}/`;
  return {
    $schema: `https://developer.microsoft.com/json-schemas/teams/v${MANIFEST_VERSION}/MicrosoftTeams.schema.json`,
    manifestVersion: MANIFEST_VERSION,
    version,
    id: appId.toLowerCase(),
    developer: { name: 'Chipwright', websiteUrl: website, privacyUrl: website, termsOfUseUrl: website },
    name: { short: name, full: `${name}, the engineering assistant` },
    description: {
      short: "Answers from your team's own documents, with sources.",
      full: [
        `${name} answers engineering questions from your team's own documents.`,
        'Every statement names its source, so that you can check it; when the documents do not hold the answer, it says so.',
        'Ask in a private chat, or mention it in a channel or a group chat.',
      ].join(' '),
    },
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: '#122D4A',
    bots: [
      {
        botId: appId.toLowerCase(),
        scopes,
        supportsFiles: false,
        isNotificationOnly: false,
        commandLists: [{ scopes, commands: COMMANDS }],
      },
    ],
    validDomains: [host.toLowerCase()],
  };
}
