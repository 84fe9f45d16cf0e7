// What Teams needs to be told, and the refusal to start with less.
import { ChipwrightError } from '../../src/errors.js';

export interface TeamsConfig {
  /** Application (client) id of the Azure Bot. */
  readonly appId: string;
  /** Its client secret. Empty for `UserAssignedMSI`. */
  readonly appPassword: string;
  readonly appType: 'MultiTenant' | 'SingleTenant' | 'UserAssignedMSI';
  /** Entra tenant of the bot. Required unless `MultiTenant`; people of other tenants are then `external`. */
  readonly tenantId?: string;
  /**
   * Takes requests without any credentials, for the Agents Playground on the same machine. Only together with an empty
   * app id, and only for service URLs on loopback.
   */
  readonly allowAnonymous: boolean;
  /** botbuilder's `ToChannelFromBotLoginUrl`: the authority that issues the bot's tokens, tenant included. */
  readonly toChannelFromBotLoginUrl?: string;
  /** botbuilder's `ToBotFromChannelOpenIdMetadataUrl`: where the keys are found that sign incoming requests. */
  readonly toBotFromChannelOpenIdMetadataUrl?: string;
}

/**
 * Throws `config_invalid` for settings that would run the bot unprotected or not at all. botbuilder itself runs with no
 * token whatsoever when the app id is empty.
 */
export function checkTeamsConfig(config: TeamsConfig): void {
  const has = (value: string | undefined) => (value ?? '').trim() !== '';
  if (!has(config.appId)) {
    if (config.allowAnonymous) return;
    throw invalid('The Teams app id is empty, and without one anybody could talk to the bot.', {
      cure: 'Set the application id of the Azure Bot, or allow anonymous access to try the bot with the Agents Playground.',
    });
  }
  if (config.allowAnonymous) {
    throw invalid('Teams has an app id and anonymous access at the same time.', {
      cure: 'Turn anonymous access off, or leave the app id empty to use the Agents Playground.',
    });
  }
  if (config.appType === 'UserAssignedMSI' && has(config.appPassword)) {
    throw invalid('A managed identity has no app password, but one is set for Teams.', {
      cure: 'Remove the app password, or set the app type to SingleTenant or MultiTenant.',
    });
  }
  if (config.appType !== 'UserAssignedMSI' && !has(config.appPassword)) {
    throw invalid('The Teams app password is empty.', {
      cure: 'Create a client secret for the app registration and set it as the app password.',
    });
  }
  if (config.appType !== 'MultiTenant' && !has(config.tenantId)) {
    throw invalid(`The Teams app type ${config.appType} needs a tenant id.`, {
      cure: 'Set the Entra tenant id of the app registration.',
    });
  }
}

function invalid(message: string, options: { cure: string }): ChipwrightError {
  return new ChipwrightError('config_invalid', message, options);
}
