import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
);

/** Why no page can be opened in a browser here; undefined where one can. */
export const noChromium =
  EXECUTABLE === undefined ? "There is no Chromium on this machine (/usr/bin/chromium)." : undefined;

/** What headless Chromium makes of a page: the document after its scripts ran, and what went to the console. */
export async function openInChromium(url: string, flags: readonly string[] = []) {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  try {
    const { stdout, stderr } = await promisify(execFile)(
      EXECUTABLE ?? "chromium",
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        `--user-data-dir=${profile}`,
        "--dump-dom",
        ...flags,
        url,
      ],
      { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
    );
    const console = stderr.split("\n").filter((line) => line.includes(":CONSOLE"));
    return { dom: stdout, console };
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
