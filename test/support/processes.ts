import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Ended, and only not yet collected by its parent. */
  readonly zombie: boolean;
  readonly command: string;
}

/** The sandbox processes that a process has started; of this one by default. */
export function sandboxPids(parent = process.pid): number[] {
  return allProcesses()
    .filter((found) => found.parent === parent && !found.zombie && found.command.endsWith("monty"))
    .map(({ pid }) => pid);
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  return allProcesses().some((found) => found.pid === pid && !found.zombie);
}

function allProcesses(): ProcessInfo[] {
  return process.platform === "linux" ? readProc() : askPs();
}

function readProc(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [, command = "", rest = ""] = /\((.*)\) (.*)/s.exec(stat) ?? [];
        const [state, parent] = rest.split(" ");
        return [{ pid: Number(name), parent: Number(parent), zombie: state === "Z", command }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

function askPs(): ProcessInfo[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,comm="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, state = "", ...command] = line.trim().split(/\s+/);
      return {
        pid: Number(pid),
        parent: Number(parent),
        zombie: state.startsWith("Z"),
        command: command.join(" "),
      };
    });
}
