/** What was asked for cannot be done, for a reason that the user can mend: nothing was run. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
