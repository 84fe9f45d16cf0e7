// Where the bot has said hello: Teams reports one installation as two events, in either order.

/** More conversations than this are not remembered; the oldest may then be greeted again. */
const REMEMBERED = 1000;

export class Welcomes {
  readonly #greeted = new Set<string>();

  /** True the first time for this conversation. */
  isFirst(conversationId: string): boolean {
    if (this.#greeted.has(conversationId)) return false;
    this.#greeted.add(conversationId);
    const [oldest] = this.#greeted;
    if (this.#greeted.size > REMEMBERED && oldest !== undefined) this.#greeted.delete(oldest);
    return true;
  }

  /** The bot was taken out; when it comes back it says hello again. */
  forget(conversationId: string): void {
    this.#greeted.delete(conversationId);
  }
}
