import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

/** Why no page can be opened in a browser here; undefined where one can. */
export const noChromium = EXECUTABLE === undefined ? "there is no /usr/bin/chromium" : undefined;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page in headless Chromium, driven by the DevTools protocol over pipes; it ends with the `await using` block. */
export class TestPage implements AsyncDisposable {
  /** What the browser complained about, violations of the page's policy among it. */
  readonly complaints: string[] = [];
  private readonly profile = mkdtempSync(join(tmpdir(), "chromium-"));
  private readonly browser: ChildProcess;
  private readonly waiting = new Map<number, (message: Message) => void>();
  private readonly listeners = new Map<string, () => void>();
  private sent = 0;
  private received = "";
  private session: string | undefined;

  private constructor() {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
    flags.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
    flags.push(`--user-data-dir=${this.profile}`, "--remote-debugging-pipe");
    this.browser = spawn(EXECUTABLE ?? "chromium", flags, {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const out = this.browser.stdio[4] as Readable;
    out.setEncoding("utf8").on("data", (text: string) => this.receive(text));
  }

  static async open(url: string): Promise<TestPage> {
    const page = new TestPage();
    const { targetId } = await page.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.send("Target.attachToTarget", { targetId, flatten: true });
    page.session = sessionId as string;
    for (const domain of ["Page", "Log", "Runtime"]) await page.send(`${domain}.enable`);
    const loaded = new Promise<void>((resolve) => page.listeners.set("Page.loadEventFired", resolve));
    await page.send("Page.navigate", { url });
    await loaded;
    return page;
  }

  /** Sends a command of the DevTools protocol. */
  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.sent += 1;
    const id = this.sent;
    const answered = new Promise<Message>((resolve) => this.waiting.set(id, resolve));
    const message = { id, method, params, ...(this.session !== undefined && { sessionId: this.session }) };
    (this.browser.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** The value of a JavaScript expression in the page; a promise's when it has resolved. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: unknown }).value;
  }

  private receive(text: string): void {
    const messages = (this.received + text).split("\0");
    this.received = messages.pop() ?? "";
    for (const message of messages.map((text) => JSON.parse(text) as Message)) {
      if (message.id !== undefined) this.waiting.get(message.id)?.(message);
      else if (message.method === "Log.entryAdded" || message.method === "Runtime.exceptionThrown") {
        this.complaints.push(JSON.stringify(message.params));
      } else this.listeners.get(message.method ?? "")?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.browser, "exit");
    this.session = undefined;
    // Asked to, it takes its child processes along, which write to the profile.
    await this.send("Browser.close");
    await ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
