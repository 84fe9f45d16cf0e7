// Who may read what. Every search takes an AudienceFilter, and only this file makes one.

declare const checked: unique symbol;

/** A document's audience tag: `public`, or a name such as `team-timing`. Lower case letters, digits, `.`, `_`, `:`, `-`. */
export type AudienceTag = string;

/** The audience everyone belongs to. */
export const PUBLIC: AudienceTag = 'public';

/** Never empty. A document is readable when at least one of its tags is in here. */
export interface AudienceFilter {
  readonly [checked]: true;
  readonly tags: readonly AudienceTag[];
}

const TAG = /^[a-z0-9][a-z0-9._:-]{0,63}$/;

/** Whether `tag` may name an audience. */
export function isAudienceTag(tag: string): boolean {
  return TAG.test(tag);
}

/** The filter for these tags and `public`. Tags that are not well formed can match nothing and are left out. */
export function audience(tags: readonly AudienceTag[] = []): AudienceFilter {
  const all = [...new Set([PUBLIC, ...tags.filter(isAudienceTag)])].sort();
  return { tags: all } as unknown as AudienceFilter;
}

/** The same decision the indexes make, for the second check in process. */
export function mayRead(filter: AudienceFilter, documentTags: readonly AudienceTag[]): boolean {
  return documentTags.some((tag) => filter.tags.includes(tag));
}
