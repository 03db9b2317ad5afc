import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Probe } from "../../src/sandbox/probe.js";
import { EXECUTABLE, RUNTIME_LIMITS } from "../support/monty.js";
import { isAlive, sandboxPids } from "../support/processes.js";
import { until } from "../support/until.js";

const made: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.close()));
});

function probeOf(executable: string): Probe {
  const probe = new Probe({ executable, size: 4, maxRunning: 4, maxWaitMs: 10_000, limits: RUNTIME_LIMITS });
  made.push(probe);
  return probe;
}

/** A program in place of the runtime. */
function script(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "probe-"));
  made.push({ close: () => rmSync(dir, { recursive: true }) });
  const path = join(dir, "runtime");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("a probe", () => {
  it("asks one process time and again", async () => {
    const probe = probeOf(EXECUTABLE);
    expect(sandboxPids()).toEqual([]);
    expect(await probe.answers()).toBe(true);
    const pids = sandboxPids();
    expect(pids).toHaveLength(1);
    for (let time = 0; time < 5; time++) expect(await probe.answers()).toBe(true);
    expect(await Promise.all([probe.answers(), probe.answers()])).toEqual([true, true]);
    expect(sandboxPids()).toEqual(pids);
  });

  it("starts another process after the one it had has died", async () => {
    const probe = probeOf(EXECUTABLE);
    await probe.answers();
    const [pid] = sandboxPids() as [number];
    process.kill(pid, "SIGKILL");
    await until("a new process", () => !isAlive(pid) && sandboxPids().length === 1);
    expect(await probe.answers()).toBe(true);
    expect(sandboxPids()).not.toContain(pid);
  });

  it.skipIf(process.platform === "win32")("is a no when the runtime ends", async () => {
    expect(await probeOf(script("exit 1")).answers()).toBe(false);
  });

  it.skipIf(process.platform === "win32")("is a no when the runtime is silent, which is ended", async () => {
    const pidFile = script("");
    const probe = probeOf(script(`echo $$ > ${pidFile}\nexec cat > /dev/null`));
    expect(await probe.answers()).toBe(false);
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });

  it("is a no once it is closed, and leaves no process", async () => {
    const probe = probeOf(EXECUTABLE);
    await probe.answers();
    await probe.close();
    expect(await probe.answers()).toBe(false);
    expect(sandboxPids()).toEqual([]);
  });
});
