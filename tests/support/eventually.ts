// Waits for what another process does, however slow the machine is.
const PATIENCE_MS = 60_000;

/** Resolves with what `look` returns once that is neither false, null nor undefined; rejects after a minute, naming `what`. */
export async function eventually<T>(
  look: () => T,
  what: string,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = look();
    if (seen !== false && seen !== null && seen !== undefined) {
      return seen as Exclude<T, false | null | undefined>;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
