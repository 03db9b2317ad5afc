/** Bytes of JSON that all entries of a report take together, and that one has at the least. */
const MAX_REPORTED_BYTES = 64 * 1024;
const MIN_ENTRY_BYTES = 64;

/** Bytes of JSON that the next entry of a report may take: at most `most`, less where the ones before took `used`. */
export function reportRoom(most: number, used: number): number {
  return Math.max(MIN_ENTRY_BYTES, Math.min(most, MAX_REPORTED_BYTES - used));
}
