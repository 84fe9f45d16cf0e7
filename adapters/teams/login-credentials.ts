// The bot's own token: OAuth 2 client credentials over the fetch that was handed in.
import {
  AppCredentials,
  AuthenticationConstants,
  type AuthenticatorResult,
  type ServiceClientCredentials,
  ServiceClientCredentialsFactory,
} from 'botframework-connector';
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });

/** A login that does not answer in this time has failed. */
const LOGIN_TIMEOUT_MS = 10_000;

export interface Login {
  readonly appId: string;
  readonly appPassword: string;
  /** Authority with tenant: `https://login.microsoftonline.com/botframework.com`. */
  readonly url: string;
  readonly now: () => number;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Takes the place of botbuilder's MSAL credentials. MSAL asks Microsoft about every authority it does not know before it
 * uses it, and refuses plain http, so it can be pointed at nothing else. The token cache of `AppCredentials` stays in use.
 */
export class LoginCredentials extends AppCredentials {
  readonly #login: Login;

  constructor(login: Login) {
    super(login.appId);
    this.#login = login;
  }

  /** Rejects with `auth_rejected` when the login refuses; retryable when it does not answer. */
  protected override async refreshToken(): Promise<AuthenticatorResult> {
    const { appId, appPassword, url, now, fetch } = this.#login;
    let response: Response;
    try {
      response = await fetch(`${url}${AuthenticationConstants.ToChannelFromBotTokenEndpointPath}`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: appId,
          client_secret: appPassword,
          scope: `${AuthenticationConstants.ToChannelFromBotOAuthScope}/.default`,
        }),
        redirect: 'error',
        signal: AbortSignal.timeout(LOGIN_TIMEOUT_MS),
      });
    } catch (cause) {
      throw unanswered('does not answer', cause);
    }
    const body = tokenSchema.safeParse(await response.json().catch(() => undefined)).data;
    if (response.ok && body) {
      return { accessToken: body.access_token, expiresOn: new Date(now() + body.expires_in * 1000) };
    }
    if (response.ok || response.status >= 500 || response.status === 429) {
      throw unanswered(`answers with status ${response.status} and no token`);
    }
    throw new ChipwrightError(
      'auth_rejected',
      `Microsoft refuses the Teams app's credentials (${response.status}).`,
      {
        cure: 'Check app id, app password (the secret value, not its id; has it expired?), app type and tenant id.',
      },
    );
  }
}

function unanswered(how: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('auth_rejected', `The Microsoft login ${how}.`, {
    cure: 'Check that this machine reaches login.microsoftonline.com; the bot tries again by itself.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** botbuilder's way to ask for credentials; an empty app id is what it calls disabled authentication. */
export class LoginCredentialsFactory extends ServiceClientCredentialsFactory {
  readonly #appId: string;
  readonly #credentials: ServiceClientCredentials;

  constructor(appId: string, credentials: ServiceClientCredentials) {
    super();
    this.#appId = appId;
    this.#credentials = credentials;
  }

  override async isValidAppId(appId: string): Promise<boolean> {
    return appId === this.#appId;
  }

  override async isAuthenticationDisabled(): Promise<boolean> {
    return this.#appId === '';
  }

  override async createCredentials(): Promise<ServiceClientCredentials> {
    return this.#credentials;
  }
}
