// Whether an endpoint is there, told without asking anything of its model.
import { describe, expect, it } from 'vitest';
import { checkOpenAi } from '../../src/language-model/openai-check.js';

function endpoint(answer: () => Response) {
  const asked: { url: string; authorization: string | null }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({ url: String(input), authorization: new Headers(init?.headers).get('authorization') });
    return answer();
  };
  return {
    asked,
    check: (baseUrl?: string) => checkOpenAi({ apiKey: 'k', fetch, ...(baseUrl && { baseUrl }) }),
  };
}

describe('checkOpenAi', () => {
  it('asks for the list of models, with the key', async () => {
    const { asked, check } = endpoint(() => new Response('{}'));
    await check('http://host/v1/');
    await check();
    expect(asked).toEqual([
      { url: 'http://host/v1/models', authorization: 'Bearer k' },
      { url: 'https://api.openai.com/v1/models', authorization: 'Bearer k' },
    ]);
  });

  it('takes an endpoint without a list, or a busy one, for one that is there', async () => {
    for (const status of [404, 405, 429]) await endpoint(() => new Response('', { status })).check();
  });

  it.each([
    [401, /refused the API key \(401\)/],
    [403, /refused the API key \(403\)/],
    [502, /failed \(502\)/],
  ])('rejects for %i', async (status, message) => {
    const failing = endpoint(() => new Response('secret body', { status })).check();
    await expect(failing).rejects.toMatchObject({
      code: 'language_model_unavailable',
      message: expect.stringMatching(message),
    });
  });

  it('rejects when nobody answers', async () => {
    const failing = endpoint(() => {
      throw new TypeError('fetch failed');
    }).check();
    await expect(failing).rejects.toMatchObject({ message: 'The language model cannot be reached.' });
  });
});
