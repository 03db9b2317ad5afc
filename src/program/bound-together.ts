/** Keeps what it can also drop. */
export interface Keeper {
  /** How much it keeps. */
  readonly bytes: number;
  dropOldest(): void;
}

/** All connections together keep so many times what one may. */
const CONNECTIONS_WORTH = 4;

/** Has those that keep most drop their oldest, until all together keep no more than four times what one may, bytes. */
export function boundTogether(keepers: ReadonlySet<Keeper>, bytesOfOne: number): void {
  const total = bytesOfOne * CONNECTIONS_WORTH;
  const kept = () => Array.from(keepers).reduce((sum, { bytes }) => sum + bytes, 0);
  while (kept() > total)
    Array.from(keepers)
      .reduce((a, b) => (b.bytes > a.bytes ? b : a))
      .dropOldest();
}
