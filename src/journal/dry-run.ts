import { PythonError } from "../sandbox/monty/calls.js";
import type { Prelude } from "../sandbox/program.js";
import { PythonValue } from "../sandbox/python-value.js";
import { reportRoom } from "../sandbox/report-room.js";
import type { JournaledCall, Write, WriteGate } from "./journal.js";

/** A write as the answer of a dry run lists it. */
export type ListedWrite = Pick<Write, "name" | "arguments">;

/** Bytes of JSON that the list keeps of the arguments of one write. */
const MAX_LISTED_BYTES = 4096;

const NO_RESULT = "dry run: this write was not run, so its result is not known";
const PLACEHOLDER = "DryRunPlaceholder";

/** Says so when it is shown, looped over, compared or passed on; by its name where it is used in any other way. */
const PLACEHOLDER_CODE = `class ${PLACEHOLDER}:
    def __init__(self):
        self.dry_run = Exception("${NO_RESULT}")
    def __repr__(self):
        return "<${NO_RESULT}>"
    def __str__(self):
        return "<${NO_RESULT}>"
    def __iter__(self):
        raise RuntimeError("${NO_RESULT}")
    def __eq__(self, other):
        raise RuntimeError("${NO_RESULT}")
__dry_run_placeholder = ${PLACEHOLDER}()
__dry_run_placeholder`;

/** What a failure of a dry run is likely to come of, by its message. */
export function dryRunHint(message: string): string | undefined {
  if (!message.includes(PLACEHOLDER) && !message.includes("dry run") && !message.includes("dry_run"))
    return undefined;
  return "In a dry run writes have no result. The list holds the writes up to this line; what depends on the result of a write cannot be foreseen.";
}

/** Makes no write: lists it, and gives a placeholder for its result. */
export class DryRun implements WriteGate {
  readonly writes: ListedWrite[] = [];
  readonly approval = new Approval();
  private placeholder: PythonValue | undefined;
  private listedBytes = 0;

  /** Makes the placeholder in the process of the program. */
  readonly prelude: Prelude = {
    code: PLACEHOLDER_CODE,
    onValue: (value) => {
      this.placeholder = value;
    },
  };

  pass({ call, name, arguments: args }: Write): PythonValue {
    if (this.placeholder === undefined) throw new PythonError("RuntimeError", NO_RESULT);
    this.approval.allow(call);
    const { value } = PythonValue.of(args).toJson(reportRoom(MAX_LISTED_BYTES, this.listedBytes));
    this.listedBytes += Buffer.byteLength(JSON.stringify(value));
    this.writes.push({ name, arguments: value as ListedWrite["arguments"] });
    return this.placeholder;
  }

  replayed(): void {}

  failed(): void {}
}

/** Lets pass the writes of a dry run, each as often as it was listed there. */
export class Approval implements WriteGate {
  /** By the keys of their calls: how many equal writes may still be made. */
  private readonly left = new Map<string, number>();
  private readonly passed = new WeakSet<JournaledCall>();

  allow({ key }: JournaledCall): void {
    this.left.set(key, (this.left.get(key) ?? 0) + 1);
  }

  pass({ call, name }: Write): undefined {
    if (!this.take(call)) {
      throw new PythonError(
        "PermissionError",
        `${name}: this write is not among those that were approved, or was made already. It was not run. Dry-run the program again to see its writes.`,
      );
    }
    this.passed.add(call);
  }

  replayed(call: JournaledCall): void {
    // One that has passed here was counted then.
    if (!this.passed.has(call)) this.take(call);
  }

  failed(call: JournaledCall): void {
    this.allow(call);
  }

  private take({ key }: JournaledCall): boolean {
    const left = this.left.get(key) ?? 0;
    if (left === 0) return false;
    this.left.set(key, left - 1);
    return true;
  }
}
