// What this workspace turned out not to offer, remembered so that it is asked for once and not with every answer.

/** Each starts true and is set false by the first refusal that says so. */
export interface Abilities {
  /** chat.startStream and its two siblings. Not on GovSlack, and not before the app asks for it. */
  streaming: boolean;
  /** assistant.threads.setStatus, the line "is searching ..." under a thread. */
  status: boolean;
}

export function allAbilities(): Abilities {
  return { streaming: true, status: true };
}
