import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { getDefaultEnvironment } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { endWithUs, forget, signalGroup } from "./children.js";
import type { StdioEndpoint } from "./config-file.js";
import { Lines } from "./lines.js";

/** Length of one message of a server. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_STDERR_LINE = 1000;
/** Lines that are no messages, one after the other, until the server is given up. */
const MAX_RUBBISH = 1000;
const LONGEST_QUOTE = 80;
/** Lines around an error that say nothing by themselves: of a stack, of an object, of Node.js at its end. */
const FRAME = /^\s|^[\])}]|^Node\.js v\d/;
/** How long a server may take to end once its stdin is closed, and again after SIGTERM. */
const GRACE_MS = 1000;
/** How long its last words may take to arrive once it has ended. */
const DRAIN_MS = 200;

/** A server that is a process of ours: a message a line, on its stdin and stdout. */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private rubbish = 0;
  private firstRubbish: string | undefined;
  private lastWords = "";
  /** Why this side has ended it. */
  private reason: string | undefined;
  private exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;

  /** @param onStderr is given each line of the server's stderr, cut to a length. */
  constructor(
    private readonly endpoint: StdioEndpoint,
    private readonly onStderr: (line: string) => void,
  ) {}

  /** What is known of why the server does not answer, for an error; empty for nothing. */
  get problem(): string {
    const { code, signal } = this.exit ?? {};
    const exit =
      this.exit === undefined ? "" : signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
    const rubbish = this.firstRubbish;
    return [
      this.reason ?? exit,
      rubbish === undefined ? "" : `it prints on stdout what is no message: ${JSON.stringify(rubbish)}`,
      this.exit === undefined || this.lastWords === "" ? "" : `its last line on stderr: ${this.lastWords}`,
    ]
      .filter((part) => part !== "")
      .join("; ");
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.endpoint;
    const isWindows = process.platform === "win32";
    if (cwd !== undefined && !existsSync(cwd)) throw new Error("the folder of its cwd does not exist");
    // A group of its own, to be ended as one. On Windows a shell finds npx.cmd and its like.
    const child = spawn(isWindows ? quote(command) : command, isWindows ? args.map(quote) : args, {
      cwd,
      env: { ...getDefaultEnvironment(), ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: !isWindows,
      shell: isWindows,
      windowsHide: true,
    });
    this.child = child;
    endWithUs(child);
    this.read(child);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => reject(new Error(whyNotStarted(error, command), { cause: error })));
    });
    child.on("error", (error) => this.onerror?.(error));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.child?.stdin;
    if (!stdin?.writable) throw new Error(`it is not connected${this.problem && `: ${this.problem}`}`);
    await new Promise<void>((resolve, reject) => {
      stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Closes its stdin, then signals it; resolves when it has ended. */
  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    child.stdin?.end();
    const terminate = setTimeout(() => signalGroup(child, "SIGTERM"), GRACE_MS);
    const kill = setTimeout(() => signalGroup(child, "SIGKILL"), 2 * GRACE_MS);
    await this.ended;
    clearTimeout(terminate);
    clearTimeout(kill);
  }

  private read(child: ChildProcess): void {
    const { stdout, stderr, stdin } = child;
    const messages = new Lines(
      MAX_MESSAGE_BYTES,
      (line) => this.receive(line),
      () => this.giveUp(`it sent a message longer than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB`),
    );
    const words = (line: string) => {
      if (line.trim() !== "" && (this.lastWords === "" || !FRAME.test(line)))
        this.lastWords = line.trim().slice(0, MAX_STDERR_LINE);
      this.onStderr(line);
    };
    const errors = new Lines(MAX_STDERR_LINE, words, (beginning) => words(`${beginning}…`));
    stdout?.on("data", (chunk: Buffer) => messages.push(chunk));
    stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
    stderr?.on("end", () => errors.end());
    // An EPIPE tells nothing that the exit does not.
    stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      const finish = () => {
        if (this.child === undefined) return;
        this.child = undefined;
        resolve();
        this.onclose?.();
      };
      child.once("exit", (code, signal) => {
        this.exit = { code, signal };
        forget(child);
        setTimeout(finish, DRAIN_MS);
      });
      child.once("close", finish);
    });
  }

  private receive(line: string): void {
    if (line.trim() === "") return;
    let message: JSONRPCMessage;
    try {
      message = JSONRPCMessageSchema.parse(JSON.parse(line));
    } catch {
      this.firstRubbish ??= line.slice(0, LONGEST_QUOTE);
      this.rubbish += 1;
      if (this.rubbish === 1)
        this.onerror?.(new Error(`prints on stdout what is no message: ${this.firstRubbish}`));
      if (this.rubbish > MAX_RUBBISH) this.giveUp("it prints too much on stdout that is no message");
      return;
    }
    this.rubbish = Math.min(this.rubbish, 1);
    this.onmessage?.(message);
  }

  private giveUp(reason: string): void {
    // What it had sent by then is still read.
    if (this.reason !== undefined) return;
    this.reason = reason;
    if (this.child) signalGroup(this.child, "SIGKILL");
  }
}

function whyNotStarted(error: Error, command: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return `there is no command ${command}${/\s/.test(command) ? " (arguments go into args)" : ""}`;
  if (code === "EACCES") return `${command} may not be executed`;
  return error.message;
}

/** For cmd.exe. */
function quote(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
}
