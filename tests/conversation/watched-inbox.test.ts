// How many wait and since when, whatever kind of inbox it is.
import { describe, expect, it } from 'vitest';
import type { Admission } from '../../src/conversation/platform.js';
import { WatchedInbox } from '../../src/conversation/watched-inbox.js';
import { message } from '../support/orchestrator-doubles.js';
import { recordedMetrics } from '../support/recorded-metrics.js';
import { recordingTracer } from '../support/recording-tracer.js';

function world(onAccept: (id: string) => void = () => {}) {
  const state = { time: 10_000, admission: 'accepted' as Admission };
  const { metrics, told } = recordedMetrics();
  const inbox = new WatchedInbox({
    inbox: {
      async accept({ id }) {
        onAccept(id);
        return state.admission;
      },
    },
    metrics,
    tracer: recordingTracer().tracer,
    now: () => state.time,
  });
  const send = (id: string, at: number, attempt = 1) =>
    inbox.accept(message('q', { id, receivedAt: new Date(at), attempt }));
  const queue = () =>
    told
      .filter(([name]) => name === 'queue')
      .at(-1)
      ?.slice(1);
  const received = () => told.filter(([name]) => name === 'received').map((call) => call.slice(1));
  return { state, inbox, send, queue, received };
}

describe('a watched inbox', () => {
  it('tells how many wait and when the oldest came', async () => {
    const { inbox, send, queue } = world();
    await send('a', 3_000);
    await send('b', 1_000);
    expect(queue()).toEqual([2, 1_000]);
    inbox.begun({ id: 'b' });
    expect(queue()).toEqual([1, 3_000]);
    inbox.begun({ id: 'a' });
    expect(queue()).toEqual([0, undefined]);
  });

  it('counts what was not taken, and does not count it as waiting', async () => {
    const { state, send, queue, received } = world();
    await send('a', 1_000);
    for (const admission of ['duplicate', 'overloaded', 'draining'] as const) {
      state.admission = admission;
      await send(admission === 'duplicate' ? 'a' : admission, 2_000, 3);
    }
    expect(queue()).toEqual([1, 1_000]);
    expect(received()).toEqual([
      ['terminal', 'accepted', 1],
      ['terminal', 'duplicate', 3],
      ['terminal', 'overloaded', 3],
      ['terminal', 'draining', 3],
    ]);
  });

  it('does not lose count when a turn comes before the acceptance is through', async () => {
    const watched = world((id) => watched.inbox.begun({ id }));
    await watched.send('a', 1_000);
    expect(watched.queue()).toEqual([0, undefined]);
  });

  it('forgets what had its turn elsewhere', async () => {
    const { state, send, queue } = world();
    await send('a', 1_000);
    state.time += 16 * 60_000;
    await send('b', state.time);
    expect(queue()).toEqual([1, state.time]);
  });
});
