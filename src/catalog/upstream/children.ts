import { type ChildProcess, spawnSync } from "node:child_process";

const IS_WINDOWS = process.platform === "win32";

/** Children with their own process group, so that what they have started ends with them. */
const alive = new Set<ChildProcess>();
let isWatching = false;

/** Ends the child and all that it has started when this process ends, however that comes about but by SIGKILL. */
export function endWithUs(child: ChildProcess): void {
  alive.add(child);
  if (isWatching) return;
  isWatching = true;
  process.once("exit", killAll);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    // First of all listeners: one that is called once is gone when it is called.
    process.prependListener(signal, function end() {
      // Somebody else ends what is under way first.
      if (process.listenerCount(signal) > 1) return;
      killAll();
      process.removeListener(signal, end);
      process.kill(process.pid, signal);
    });
  }
}

/** Signals the child and all that it has started. Not once it has ended: its number may be another's by then. */
export function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.exitCode === null && child.signalCode === null) signalAll(child, signal);
}

function signalAll(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  if (IS_WINDOWS) {
    spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // There is no such group any more.
  }
}

/** The child has ended, just now: what it has left behind is ended too. */
export function forget(child: ChildProcess): void {
  if (!alive.delete(child)) return;
  if (!IS_WINDOWS) signalAll(child, "SIGKILL");
}

function killAll(): void {
  for (const child of alive) signalGroup(child, "SIGKILL");
  alive.clear();
}
