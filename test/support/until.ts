const POLL_MS = 5;

type Falsy = false | 0 | "" | null | undefined;

/**
 * Waits until a condition holds, and gives what it gave.
 *
 * @throws Error that names the condition when it does not hold within `ms` milliseconds.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  ms = 5000,
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, Falsy>;
    if (performance.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
