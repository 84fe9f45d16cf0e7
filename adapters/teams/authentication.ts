// Who may talk to the bot, and how the bot proves itself: botbuilder's authentication, set up once.
import { type Activity, ConfigurationBotFrameworkAuthentication } from 'botbuilder';
import {
  AuthenticationConstants,
  type ConnectorClientOptions,
  JwtTokenProviderFactory,
  ManagedIdentityAppCredentials,
  MicrosoftAppCredentials,
} from 'botframework-connector';
import type { PlatformTools } from '../../src/conversation/platform.js';
import { ChipwrightError } from '../../src/errors.js';
import type { IncomingActivity } from './activity.js';
import { LoginCredentials, LoginCredentialsFactory } from './login-credentials.js';
import type { TeamsConfig } from './teams-config.js';

export interface Authentication {
  /** For botbuilder's adapter. */
  readonly botFramework: ConfigurationBotFrameworkAuthentication;
  /**
   * Whether the request may be listened to. `unavailable` when the keys to check it with could not be had: the fault is
   * not the caller's.
   */
  verify(activity: IncomingActivity, authorization: string): Promise<'verified' | 'refused' | 'unavailable'>;
  /** Resolves when the bot has a valid token of its own (at once without credentials). Rejects with `auth_rejected`. */
  login(): Promise<void>;
}

/** The keys must be had within this time; botbuilder's own fetch would wait for ever. */
const KEYS_TIMEOUT_MS = 10_000;

export function createAuthentication(
  config: TeamsConfig,
  tools: Pick<PlatformTools, 'now' | 'fetch'>,
  connectorOptions: ConnectorClientOptions,
): Authentication {
  const appId = config.appId.trim();
  const loginTenant =
    config.appType === 'MultiTenant' ? AuthenticationConstants.DefaultChannelAuthTenant : config.tenantId;
  const loginUrl =
    config.toChannelFromBotLoginUrl ??
    `${AuthenticationConstants.ToChannelFromBotLoginUrlPrefix}${loginTenant ?? ''}`;
  const metadataUrl =
    config.toBotFromChannelOpenIdMetadataUrl ?? AuthenticationConstants.ToBotFromChannelOpenIdMetadataUrl;
  const credentials = credentialsFor(config, appId, loginUrl, tools);
  const botFramework = new ConfigurationBotFrameworkAuthentication(
    {
      MicrosoftAppId: appId,
      ToChannelFromBotLoginUrl: loginUrl,
      ToChannelFromBotOAuthScope: AuthenticationConstants.ToChannelFromBotOAuthScope,
      ToBotFromChannelTokenIssuer: AuthenticationConstants.ToBotFromChannelTokenIssuer,
      OAuthUrl: AuthenticationConstants.OAuthUrl,
      ToBotFromChannelOpenIdMetadataUrl: metadataUrl,
      // Tokens of the Emulator and of other bots name no service URL. They are checked against the channel's keys,
      // which signed none of them: so they are refused, and nothing else is asked over the network.
      ToBotFromEmulatorOpenIdMetadataUrl: metadataUrl,
    },
    new LoginCredentialsFactory(appId, credentials),
    undefined,
    undefined,
    connectorOptions,
  );

  return {
    botFramework,
    async verify(activity, authorization) {
      if (appId === '') {
        // Without credentials the service URL is anybody's word, so it may name this machine only.
        const local = isLoopback(activity.serviceUrl) && isTeamsChannel(activity.channelId, true);
        return local ? 'verified' : 'refused';
      }
      if (!isTeamsChannel(activity.channelId, false)) return 'refused';
      if (!activity.serviceUrl.startsWith('https:') && !isLoopback(activity.serviceUrl)) return 'refused';
      try {
        const { claimsIdentity } = await inTime(
          botFramework.authenticateRequest(activity as Partial<Activity> as Activity, authorization),
        );
        // botbuilder compares this claim for channel tokens only; the bot's token goes to the URL, so it must hold always.
        const proven = claimsIdentity.getClaimValue(AuthenticationConstants.ServiceUrlClaim);
        return claimsIdentity.isAuthenticated && proven === activity.serviceUrl ? 'verified' : 'refused';
      } catch (thrown) {
        return keysMissing(thrown) ? 'unavailable' : 'refused';
      }
    },
    async login() {
      if (appId === '') return;
      try {
        await credentials.getToken();
      } catch (thrown) {
        if (thrown instanceof ChipwrightError) throw thrown;
        throw new ChipwrightError('auth_rejected', 'The managed identity of the Teams app got no token.', {
          cure: 'Check that the identity is assigned to this machine, and that its client id is the app id.',
          retryable: true,
          cause: thrown,
        });
      }
    },
  };
}

function credentialsFor(
  config: TeamsConfig,
  appId: string,
  url: string,
  { now, fetch }: Pick<PlatformTools, 'now' | 'fetch'>,
) {
  if (appId === '') return MicrosoftAppCredentials.Empty;
  if (config.appType === 'UserAssignedMSI') {
    const scope = AuthenticationConstants.ToChannelFromBotOAuthScope;
    return new ManagedIdentityAppCredentials(appId, scope, new JwtTokenProviderFactory());
  }
  return new LoginCredentials({ appId, appPassword: config.appPassword, url, now, fetch });
}

/** The Playground says `msteams` too, and `emulator` when started so. No other channel of the Bot Framework is ours. */
function isTeamsChannel(channelId: string, local: boolean): boolean {
  return channelId === 'msteams' || (local && channelId === 'emulator');
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

class KeysTimeout extends Error {}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(KEYS_TIMEOUT_MS);
  return await Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new KeysTimeout()), { once: true });
    }),
  ]);
}

/** botbuilder reports keys it could not load as status 500, or as node-fetch's error. */
function keysMissing(thrown: unknown): boolean {
  if (thrown instanceof KeysTimeout) return true;
  if (!(thrown instanceof Error)) return false;
  return thrown.name === 'FetchError' || ('statusCode' in thrown && thrown.statusCode === 500);
}
