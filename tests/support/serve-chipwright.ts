// The service as an operator starts it, documents and all, joined to the stand-ins of the platforms.
import { FLOW_DOCUMENTS } from './flow-documents.js';
import { type Bench, openBench, type Running } from './run-chipwright.js';
import { BOT_TOKEN, SIGNING_SECRET, type SlackStandIn } from './slack-stand-in.js';
import type { TeamsStandIn } from './teams-stand-in.js';

export interface Served {
  readonly bench: Bench;
  readonly service: Running;
  /** Where the service listens, without a slash at the end. */
  readonly url: string;
  /** Starts it anew with all that it kept, after it ended or was killed. */
  again(): Promise<Served>;
}

export interface Wanted {
  readonly slack?: SlackStandIn;
  readonly teams?: TeamsStandIn;
  readonly env?: Readonly<Record<string, string>>;
  /** Documents beside those of the flow. */
  readonly documents?: Readonly<Record<string, string>>;
}

/** Every document is linked to `https://docs.example.com/`, by path and line. */
export const LINKS = 'https://docs.example.com/';

/** Starts the service over HTTP and waits until it listens. */
export async function serveChipwright({ slack, teams, env, documents }: Wanted): Promise<Served> {
  const bench = await openBench();
  const files = Object.entries({ ...FLOW_DOCUMENTS, ...documents });
  await bench.write(Object.fromEntries(files.map(([path, text]) => [`docs/${path}`, text])));
  await bench.write({
    'chipwright.yaml': `sources:\n  - dir: docs\n    name: flow\n    link: ${LINKS}{path}#L{line}\n`,
  });
  const serve = async (): Promise<Served> => {
    const service = bench.start(['start'], {
      env: { ...slackSettings(slack), ...teamsSettings(teams), ...env },
    });
    const [, url = ''] = await service.says(/Listening: (http:\/\/[^/]+)\//);
    slack?.sendEventsTo(`${url}/slack/events`);
    return { bench, service, url, again: serve };
  };
  try {
    return await serve();
  } catch (error) {
    await bench.close();
    throw error;
  }
}

function slackSettings(slack: SlackStandIn | undefined): Record<string, string> {
  if (slack === undefined) return {};
  return { SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_API_URL: slack.apiUrl };
}

function teamsSettings(teams: TeamsStandIn | undefined): Record<string, string> {
  if (teams === undefined) return {};
  const { toChannelFromBotLoginUrl = '', toBotFromChannelOpenIdMetadataUrl = '' } = teams.config;
  return {
    MicrosoftAppId: teams.appId,
    MicrosoftAppPassword: teams.appPassword,
    ToChannelFromBotLoginUrl: toChannelFromBotLoginUrl,
    ToBotFromChannelOpenIdMetadataUrl: toBotFromChannelOpenIdMetadataUrl,
  };
}
