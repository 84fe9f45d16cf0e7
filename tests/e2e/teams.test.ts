// Questions in Teams, from a signed activity to the bytes of the answer, through the whole program.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE, FLOW_DOCUMENTS, STRAY } from '../support/flow-documents.js';
import { LINKS, type Served, serveChipwright } from '../support/serve-chipwright.js';
import { type Claim, type RawActivity, TeamsStandIn, type WireRequest } from '../support/teams-stand-in.js';

vi.setConfig({ testTimeout: 180_000 });

const { setup, skew, antenna } = ANSWERABLE;

describe('Teams', () => {
  let teams: TeamsStandIn;
  let served: Served;
  let endpoint: string;
  beforeAll(async () => {
    teams = await TeamsStandIn.open();
    served = await serveChipwright({ teams });
    endpoint = `${served.url}/api/messages`;
  });
  afterAll(async () => {
    await served?.bench.close();
    await teams?.close();
  });

  /** The finished message that answers `question`, as bytes on the wire. */
  async function answerTo(question: RawActivity): Promise<WireRequest> {
    return eventually(
      () =>
        teams.sent.find(
          ({ method, activity }) =>
            method !== 'DELETE' && activity?.type === 'message' && activity.replyToId === question.id,
        ),
      `the answer to ${question.text}`,
    );
  }

  /** What Teams shows under the text: position, name and address of each source. */
  function citations({ raw }: WireRequest): { position: number; url: string; abstract: string }[] {
    const { entities } = JSON.parse(raw);
    const label = entities.find((entity: RawActivity) => entity.type === 'https://schema.org/Message');
    expect(label.additionalType).toEqual(['AIGeneratedContent']);
    return label.citation.map(({ position, appearance }: Claim) => ({ position, ...appearance }));
  }

  it('answers a mention in the thread of its channel, with its sources as citations', async () => {
    const question = teams.channelMention(antenna.question);
    expect(await teams.deliver(endpoint, question)).toMatchObject({ status: 200 });
    const answer = await answerTo(question);
    expect(answer.conversationId).toBe(question.conversation.id);
    expect(answer.activity.text).toContain(antenna.says);
    const [citation] = citations(answer);
    expect(citation?.position).toBe(1);
    const [, path = '', line] = /^https:\/\/docs\.example\.com\/(.+)#L(\d+)$/.exec(citation?.url ?? '') ?? [];
    expect(path).toBe(antenna.path);
    expect(FLOW_DOCUMENTS[path]?.split('\n').length).toBeGreaterThanOrEqual(Number(line));
  });

  it('answers a personal message in its conversation', async () => {
    const question = teams.personalMessage(skew.question);
    await teams.deliver(endpoint, question);
    const answer = await answerTo(question);
    expect(answer.conversationId).toBe(question.conversation.id);
    expect(answer.activity.text).toContain(skew.says);
    expect(citations(answer)[0]?.url).toMatch(/clock-tree\.md#L\d+$/);
    await eventually(
      () => teams.visible(question.conversation.id).every(({ state }) => state === 'final'),
      'the end',
    );
  });

  it('answers once, however often Teams delivers', async () => {
    const question = teams.channelMention(setup.question);
    await Promise.all([1, 2, 3].map(() => teams.deliver(endpoint, question)));
    await answerTo(question);
    const next = teams.followUp(question, STRAY);
    await teams.deliver(endpoint, next);
    await answerTo(next);
    const seen = teams.visible(question.conversation.id);
    expect(seen.map(({ text }) => text.includes(setup.says))).toEqual([true, false]);
  });

  it('takes a short question in a thread together with the one before', async () => {
    const question = teams.channelMention(setup.question);
    await teams.deliver(endpoint, question);
    await answerTo(question);
    const next = teams.followUp(question, 'and for hold?');
    await teams.deliver(endpoint, next);
    expect((await answerTo(next)).activity.text).toContain('list_hold_paths');
  });

  it('says what it does not know, and what is near', async () => {
    const question = teams.personalMessage(STRAY);
    await teams.deliver(endpoint, question);
    const { activity, raw } = await answerTo(question);
    expect(activity.text).toContain('The documents do not seem to hold an answer to this.');
    const addresses = [...raw.matchAll(/https:\/\/[^\s"\\)]+/g)].map(([url]) => url);
    expect(addresses.every((url) => url.startsWith(LINKS) || url.startsWith('https://schema.org'))).toBe(
      true,
    );
  });

  it('refuses what Microsoft did not sign, without a word to anybody', async () => {
    const sent = teams.sent.length;
    const question = teams.channelMention(setup.question);
    const foreign = await TeamsStandIn.open();
    const forged = `Bearer ${await foreign.token({ serviceUrl: teams.serviceUrl })}`;
    await foreign.close();
    for (const authorization of [null, 'Bearer nonsense', forged]) {
      const { status } = await teams.deliver(endpoint, question, authorization);
      expect([401, 403]).toContain(status);
    }
    const honest = teams.personalMessage(setup.question);
    await teams.deliver(endpoint, honest);
    await answerTo(honest);
    const elsewhere = teams.sent
      .slice(sent)
      .filter(({ conversationId }) => conversationId !== honest.conversation.id);
    expect(elsewhere).toEqual([]);
  });
});
