// The order in which waiting messages will have their turn.
import type { WaitingMessage } from '../storage/queue-view.js';

/**
 * How many come before each, by key: the order in which `MessageStore.claim` takes them if nothing more comes in. The oldest of each
 * thread may be next, and of those the one of the person whose last turn is longest ago.
 */
export function placesInQueue(
  waiting: readonly Pick<WaitingMessage, 'key' | 'thread' | 'person' | 'turnOfPerson'>[],
): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const turns = new Map(waiting.map(({ person, turnOfPerson }) => [person, turnOfPerson]));
  let turn = Math.max(0, ...turns.values());
  const left = [...waiting];
  while (left.length > 0) {
    const threads = new Set<string>();
    let next = 0;
    left.forEach(({ thread, person }, at) => {
      if (threads.has(thread)) return;
      threads.add(thread);
      if (turnOf(person) < turnOf(left[next]?.person)) next = at;
    });
    const [taken] = left.splice(next, 1);
    if (taken === undefined) break;
    places.set(taken.key, places.size);
    turn += 1;
    turns.set(taken.person, turn);
  }
  return places;

  function turnOf(person: string | undefined): number {
    return turns.get(person ?? '') ?? 0;
  }
}
