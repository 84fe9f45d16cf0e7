// Microsoft Teams as a platform: activities in, cited messages out.
import { CloudAdapter } from 'botbuilder';
import type {
  HttpRequest,
  HttpResponse,
  Inbox,
  Platform,
  PlatformTools,
  Ratings,
} from '../../src/conversation/platform.js';
import { toChipwrightError } from '../../src/errors.js';
import { type IncomingActivity, parseActivity } from './activity.js';
import { addressOf, decodeAddress } from './address.js';
import { createAuthentication } from './authentication.js';
import { connectorTransport } from './connector-transport.js';
import { deliveryError } from './delivery-error.js';
import { widenEntityMapper } from './entity-mapper.js';
import { type Meaning, readActivity } from './incoming.js';
import { createOutbox, systemTiming, type Timing } from './outbox.js';
import { message } from './render-answer.js';
import { checkTeamsConfig, type TeamsConfig } from './teams-config.js';
import { createTeamsReply } from './teams-reply.js';
import { BUSY, STOPPING, UNAVAILABLE, USAGE, WELCOME } from './usage.js';
import { Welcomes } from './welcomes.js';

/** The path to enter as the Azure Bot's messaging endpoint. */
const PATH = '/api/messages';

/**
 * Throws `config_invalid` for settings that are unsafe or incomplete. `timing` is for tests.
 *
 * Every verified activity is answered with 200 once it is safely held, so Teams never repeats it and nothing hangs on the
 * open request; the work goes on through botbuilder's proactive messages. Teams would show nothing for a refused
 * delivery, so a question that is not taken (overloaded, draining, unavailable) gets 200 and a line in its thread instead.
 */
export function createTeamsPlatform(
  config: TeamsConfig,
  tools: PlatformTools,
  timing: Timing = systemTiming,
): Platform {
  checkTeamsConfig(config);
  widenEntityMapper();
  const { log, now } = tools;
  const httpClient = connectorTransport(tools.fetch, timing.sendTimeoutMs);
  const authentication = createAuthentication(config, tools, { httpClient });
  const adapter = new CloudAdapter(authentication.botFramework);
  const outbox = createOutbox(adapter, config.appId.trim(), tools, timing);
  const homeTenant = config.appType === 'MultiTenant' ? undefined : config.tenantId;
  const welcomes = new Welcomes();
  const underWay = new Set<Promise<unknown>>();
  let inbox: Inbox | undefined;
  let ratings: Ratings | undefined;
  let stopping = false;

  function track<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined).finally(() => underWay.delete(settled));
    underWay.add(settled);
    return work;
  }

  /** Says something beside the answers. Nobody waits for it; a failure is logged. */
  function say(activity: IncomingActivity, text: string): void {
    track(outbox.post(addressOf(activity), message(text), 'plain')).catch((failure: unknown) => {
      const { code, message: what } = deliveryError(failure, now());
      log.warn({ code }, what);
    });
  }

  async function receive({ body, headers }: HttpRequest): Promise<HttpResponse> {
    const activity = parseActivity(body);
    if (activity === undefined) return { status: 400 };
    const verdict = await authentication.verify(activity, headers.authorization ?? '');
    if (verdict === 'unavailable') {
      log.error('the keys of Microsoft that sign Teams requests cannot be loaded; check the network');
      return { status: 503 };
    }
    if (verdict === 'refused') return { status: 401 };
    await act(activity, readActivity(activity, new Date(now()), homeTenant));
    return { status: 200 };
  }

  async function act(activity: IncomingActivity, meaning: Meaning): Promise<void> {
    switch (meaning.kind) {
      case 'question': {
        const admission = inbox === undefined || stopping ? 'draining' : await inbox.accept(meaning.message);
        if (admission === 'overloaded') say(activity, BUSY);
        if (admission === 'draining') say(activity, STOPPING);
        if (admission === 'unavailable') say(activity, UNAVAILABLE);
        return;
      }
      case 'rating': {
        const rated = await ratings?.rate(meaning.rating);
        if (rated !== 'kept') log.info({ rated }, 'a rating of an answer in Teams was not kept');
        return;
      }
      case 'help':
        return say(activity, USAGE);
      case 'installed':
        if (welcomes.isFirst(activity.conversation.id)) say(activity, WELCOME);
        return;
      case 'removed':
        return welcomes.forget(activity.conversation.id);
      case 'nothing':
        return;
    }
  }

  return {
    name: 'teams',
    routes: [
      {
        method: 'POST',
        path: PATH,
        async handle(request) {
          try {
            return await receive(request);
          } catch (thrown) {
            const { code, message: what } = toChipwrightError(thrown);
            log.error({ err: thrown, code }, what);
            return { status: 500 };
          }
        },
      },
      // The Agents Playground looks whether somebody is there before it sends anything.
      { method: 'GET', path: PATH, handle: async () => ({ status: 200 }) },
    ],
    async start(into, kept) {
      inbox = into;
      ratings = kept;
      if (config.appId.trim() === '')
        log.warn('Teams takes messages from this machine without any credentials');
      try {
        await authentication.login();
      } catch (thrown) {
        const error = toChipwrightError(thrown);
        if (!error.retryable) throw error;
        // Questions can be taken in meanwhile; each sending logs in again.
        log.warn({ code: error.code, cure: error.cure }, error.message);
      }
    },
    async stop(signal) {
      stopping = true;
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([Promise.all(underWay), aborted]);
    },
    async check() {
      try {
        await authentication.login();
        return {
          ok: true,
          detail: config.appId.trim() === '' ? 'open to the local Agents Playground' : 'logged in',
        };
      } catch (thrown) {
        const { message: what, cure } = toChipwrightError(thrown);
        return { ok: false, detail: `${what} ${cure}` };
      }
    },
    replyTo: ({ address }, record) =>
      createTeamsReply(decodeAddress(address), record, { outbox, now, log, track }),
  };
}
