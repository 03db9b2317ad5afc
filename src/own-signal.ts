/**
 * Does work with a signal of its own, which aborts as `signal` does until the work is done. For requests of the MCP SDK:
 * it never lets go of a signal, and would cancel the request again where that aborts long after the answer.
 *
 * @throws what the work throws; the signal's reason when it aborts first.
 */
export async function withOwnSignal<T>(
  signal: AbortSignal,
  work: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await work(own.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
