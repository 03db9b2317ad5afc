/** Keeps what it can also drop. */
export interface Keeper {
  /** How much it keeps. */
  readonly bytes: number;
  dropOldest(): void;
}

/** Has those that keep most drop their oldest, until all of them together keep no more than `total` bytes. */
export function boundTogether(keepers: ReadonlySet<Keeper>, total: number): void {
  const kept = () => Array.from(keepers).reduce((sum, { bytes }) => sum + bytes, 0);
  while (kept() > total)
    Array.from(keepers)
      .reduce((a, b) => (b.bytes > a.bytes ? b : a))
      .dropOldest();
}
