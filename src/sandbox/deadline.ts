/** Longest that a clock may stand still in all, milliseconds. */
const MAX_PAUSE_MS = 600_000;

/** Runs work of which no time counts: while a person is asked, say. */
export type Untimed = <T>(work: () => Promise<T>) => Promise<T>;

/** The wall clock of a program. It stands still during untimed work, ten minutes in all at the most. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private since = 0;
  private readonly left: { running: number; paused: number };
  private pauses = 0;
  private state: "before" | "running" | "ended" = "before";

  constructor(
    timeoutMs: number,
    private readonly onEnd: () => void,
    maxPauseMs = MAX_PAUSE_MS,
  ) {
    this.left = { running: timeoutMs, paused: maxPauseMs };
  }

  start(): void {
    this.state = "running";
    this.count();
  }

  end(): void {
    this.state = "ended";
    clearTimeout(this.timer);
  }

  readonly untimed: Untimed = async (work) => {
    this.change(1);
    try {
      return await work();
    } finally {
      this.change(-1);
    }
  };

  private change(by: 1 | -1): void {
    if (this.state === "running") {
      clearTimeout(this.timer);
      this.left[this.kind] -= performance.now() - this.since;
    }
    this.pauses += by;
    if (this.state === "running") this.count();
  }

  private count(): void {
    this.since = performance.now();
    this.timer = setTimeout(this.onEnd, Math.max(0, this.left[this.kind]));
  }

  private get kind(): "running" | "paused" {
    return this.pauses > 0 ? "paused" : "running";
  }
}
