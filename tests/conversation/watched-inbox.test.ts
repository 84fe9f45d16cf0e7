// What comes in is counted, and the span it came in with is there when its turn comes.
import { describe, expect, it } from 'vitest';
import type { Admission } from '../../src/conversation/platform.js';
import { WatchedInbox } from '../../src/conversation/watched-inbox.js';
import { message } from '../support/orchestrator-doubles.js';
import { recordedMetrics } from '../support/recorded-metrics.js';
import { recordingTracer } from '../support/recording-tracer.js';

function world(onAccept: (id: string) => void = () => {}) {
  const state = { admission: 'accepted' as Admission };
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
  });
  const send = (id: string, attempt = 1) => inbox.accept(message('q', { id, attempt }));
  const received = () => told.filter(([name]) => name === 'received').map((call) => call.slice(1));
  return { state, inbox, send, received };
}

describe('a watched inbox', () => {
  it('counts what came by what became of it', async () => {
    const { state, send, received } = world();
    await send('a');
    for (const admission of ['duplicate', 'limited', 'overloaded', 'draining'] as const) {
      state.admission = admission;
      await send(admission === 'duplicate' ? 'a' : admission, 3);
    }
    expect(received()).toEqual([
      ['terminal', 'accepted', 1],
      ['terminal', 'duplicate', 3],
      ['terminal', 'limited', 3],
      ['terminal', 'overloaded', 3],
      ['terminal', 'draining', 3],
    ]);
  });

  it('gives the span of the first delivery once, and none for what was not taken', async () => {
    const { state, inbox, send } = world();
    await send('a');
    state.admission = 'duplicate';
    await send('a', 2);
    state.admission = 'overloaded';
    await send('b');
    expect(inbox.begun({ id: 'a' })).toBeDefined();
    expect(inbox.begun({ id: 'a' })).toBeUndefined();
    expect(inbox.begun({ id: 'b' })).toBeUndefined();
  });

  it('has the span also when a turn comes before the acceptance is through', async () => {
    const spans: unknown[] = [];
    const watched = world((id) => void spans.push(watched.inbox.begun({ id })));
    await watched.send('a');
    expect(spans).toEqual([expect.objectContaining({ spanId: expect.any(String) })]);
  });
});
