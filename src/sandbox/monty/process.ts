import { type ChildProcess, spawn } from "node:child_process";
import { MontyCrashedError } from "./errors.js";
import { FrameReader, frame, MAX_FRAME_BYTES } from "./frames.js";
import { decodeEvent, type Event, encodeRequest, type Request, type TurnEnd } from "./messages.js";

/** Exit code of the runtime when its allocator hits the memory limit. */
const EXIT_OUT_OF_MEMORY = 65;

/** How much of the end of stderr goes into the report of a death. */
const STDERR_TAIL = 2000;

interface Turn {
  readonly onPrint: ((text: string) => void) | undefined;
  readonly resolve: (event: TurnEnd) => void;
  readonly reject: (error: MontyCrashedError) => void;
}

/**
 * One runtime process: a request goes in, the event that ends its turn comes out. Whatever it sends
 * is untrusted; a process that breaks the protocol is killed.
 */
export class RuntimeProcess {
  private readonly child: ChildProcess;
  private readonly frames = new FrameReader();
  /** Turns under way, the one that the next event belongs to first. */
  private readonly underWay: Turn[] = [];
  private stderr = "";
  private death: MontyCrashedError | undefined;
  /** Called when the process is gone. */
  private readonly listeners = new Set<() => void>();
  /** Resolves, once the process is gone, with what it died of. */
  readonly ended: Promise<MontyCrashedError>;

  /** Starts the process. A failure to start is a death like any other. */
  constructor(executable: string) {
    this.child = spawn(executable, ["subprocess"], {
      stdio: ["pipe", "pipe", "pipe"],
      // Programs cannot read the environment, so the process gets none: nothing of the host's is in it.
      env: process.platform === "win32" ? { SystemRoot: process.env.SystemRoot } : {},
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.child;
    stdout?.on("data", (chunk: Buffer) => this.receive(chunk));
    stderr?.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString()).slice(-STDERR_TAIL);
    });
    // Writing to a process that has just ended fails before its end is reported; the end says more.
    stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (error: MontyCrashedError) => {
        this.death ??= error;
        for (const turn of this.underWay.splice(0)) turn.reject(this.death);
        for (const listener of this.listeners) listener();
        resolve(this.death);
      };
      this.child.on("error", (error) =>
        end(new MontyCrashedError(`The Monty runtime did not start: ${error.message}`)),
      );
      this.child.on("close", (code, signal) => end(this.reportDeath(code, signal)));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get alive(): boolean {
    return this.death === undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Sends a request and waits for the event that ends its turn. One turn at a time.
   *
   * @throws MontyCrashedError when the process ends first.
   */
  turn(request: Request, onPrint?: (text: string) => void): Promise<TurnEnd> {
    if (this.underWay.length > 0) throw new Error("a turn is under way");
    return this.send(request, onPrint);
  }

  /**
   * Sends requests one after the other, whatever is answered, and waits for the events that end their turns.
   *
   * @throws MontyCrashedError when the process ends first.
   */
  turns(requests: readonly Request[]): Promise<TurnEnd[]> {
    if (this.underWay.length > 0) throw new Error("a turn is under way");
    this.child.stdin?.cork();
    const ends = requests.map((request) => this.send(request));
    this.child.stdin?.uncork();
    return Promise.all(ends);
  }

  /** Calls `listener` when the process is gone, until the function that it gives is called. */
  onEnd(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the process at once. What it was running fails with the reason given. */
  kill(reason = "The Monty runtime was ended."): void {
    this.death ??= new MontyCrashedError(reason);
    // Of a process that did not start, Node.js 20 holds a number that was never set: it may be 0, which is our own group.
    if (this.child.pid !== undefined) this.child.kill("SIGKILL");
  }

  private send(request: Request, onPrint?: (text: string) => void): Promise<TurnEnd> {
    return new Promise((resolve, reject) => {
      if (this.death !== undefined) {
        reject(this.death);
        return;
      }
      this.underWay.push({ onPrint, resolve, reject });
      this.child.stdin?.write(frame(encodeRequest(request)));
    });
  }

  private receive(chunk: Buffer): void {
    if (this.death !== undefined) return;
    try {
      for (const message of this.frames.push(chunk)) this.dispatch(decodeEvent(message));
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      this.kill(
        error instanceof RangeError && what.startsWith("a frame of")
          ? `The Monty runtime sent more than ${MAX_FRAME_BYTES} bytes at once and was ended.`
          : `The Monty runtime sent what is no event and was ended: ${what}`,
      );
    }
  }

  private dispatch(event: Event): void {
    const [turn] = this.underWay;
    if (turn === undefined) throw new Error("an event out of turn");
    if (event.type === "print") {
      turn.onPrint?.(event.text);
      return;
    }
    this.underWay.shift();
    if (event.type === "fatal_error") {
      const fatal = new MontyCrashedError(`The Monty runtime gave up: ${event.message}`);
      this.kill(fatal.message);
      turn.reject(fatal);
    } else turn.resolve(event);
  }

  private reportDeath(code: number | null, signal: NodeJS.Signals | null): MontyCrashedError {
    if (code === EXIT_OUT_OF_MEMORY) {
      return new MontyCrashedError("The Monty runtime ran out of memory.", true);
    }
    const how = signal === null ? `with exit code ${code}` : `by signal ${signal}`;
    const tail = this.stderr.trim();
    return new MontyCrashedError(`The Monty runtime ended ${how}${tail === "" ? "" : `: ${tail}`}`);
  }
}
