import { Command, CommanderError, Option } from "commander";
import { UsageError } from "./commands/usage-error.js";
import { type Flags, readConfig } from "./config.js";
import { SETTINGS, type Setting, variableOf } from "./settings.js";
import { VERSION } from "./version.js";

const EXAMPLES = `
Examples:
  monty-code-mode                         serve MCP over stdio, as an MCP client starts it
  monty-code-mode serve --tools ./tools   with your own tools beside the expense tools
  monty-code-mode serve --config f.json   with the tools of the MCP servers in a file
  monty-code-mode serve --http            serve MCP over HTTP, to many clients at once
  monty-code-mode exec report.py          run a program and print its result as JSON
  echo '1 + 1' | monty-code-mode exec -   the same from stdin
  monty-code-mode stubs                   what programs can call, as Python
  monty-code-mode ask "Who spent most?"   answer a question with the tools and a model
  monty-code-mode chat                    the same as a conversation
  monty-code-mode demo                    programs by a real MCP client, and a conversation

Every setting is also an environment variable: --timeout-ms is ${variableOf("timeout-ms")}.
Only in the environment:
${environmentSettings()}`;

function environmentSettings(): string {
  const width = Math.max(...SETTINGS.map(({ variable = "" }) => variable.length));
  return SETTINGS.flatMap(({ variable, description, ...setting }) => {
    return variable === undefined
      ? []
      : [`  ${variable.padEnd(width)}  ${description}${defaultNote(setting)}`];
  }).join("\n");
}

const SERVE_FLAGS = SETTINGS.filter(({ variable }) => variable === undefined).map(({ name }) => name);
const FLAGS = SETTINGS.filter(({ variable, serve }) => variable === undefined && !serve).map(
  ({ name }) => name,
);
const ASK_FLAGS = ["stub-tokens", "model-timeout-ms", "ask-attempts", "history-tokens", "session-log"];
/** A person reads the session log instead. */
const PERSON_FLAGS = FLAGS.filter((name) => name !== "log-level");

/** The commands and their flags. */
function commands(args: readonly string[]): Command {
  const [first = "-"] = args;
  const cli = new Command("monty-code-mode")
    .description(
      "An MCP server for code mode: a model's Python program calls the tools, in the Monty sandbox.",
    )
    .version(VERSION, "-V, --version")
    .helpOption("-h, --help")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });

  // Only flags, or nothing: otherwise a mistyped command would be an argument of this one.
  withSettings(cli.command("serve", { isDefault: first.startsWith("-") }), SERVE_FLAGS)
    .description("Serve MCP over stdio, or over HTTP (the default command).")
    .action(async (flags: Flags) => {
      const config = readConfig(settingFlags(flags));
      const { serve } = await import("./commands/serve.js");
      await serve(config);
    });
  withSettings(
    cli.command("exec"),
    FLAGS.filter((name) => !ASK_FLAGS.includes(name)),
  )
    .argument("<file>", "Python file, or - for stdin")
    .description("Run a program; prints what it prints, then its result as JSON.")
    .action(async (file: string, flags: Flags) => {
      const config = readConfig(settingFlags(flags));
      const { exec } = await import("./commands/exec.js");
      process.exitCode = await exec(file, config);
    });
  withSettings(cli.command("ask"), PERSON_FLAGS)
    .argument("<question>", "the question, in quotes")
    .option("--json", "print the answer with its program, result and tokens as JSON")
    .description("Answer a question: a model writes a program, which is run, and tells its result.")
    .action(async (question: string, { json, ...flags }: Flags & { json?: true }) => {
      const config = readConfig(settingFlags(flags));
      const { ask } = await import("./commands/ask.js");
      process.exitCode = await ask(question, { json: json === true }, config);
    });
  withSettings(cli.command("chat"), PERSON_FLAGS)
    .description("Answer questions in a conversation; in a pipe, one a line.")
    .action(async (flags: Flags) => {
      const config = readConfig(settingFlags(flags));
      const { chat } = await import("./commands/chat.js");
      process.exitCode = await chat(config);
    });
  withSettings(cli.command("stubs"), ["tools", "config", "log-level"])
    .description("Print the Python stubs of the tools.")
    .action(async (flags: Flags) => {
      const config = readConfig(settingFlags(flags));
      const { stubs } = await import("./commands/stubs.js");
      await stubs(config);
    });
  cli
    .command("demo")
    .description(
      "Start the server, run programs against it, and hold a conversation; needs no key and no network.",
    )
    .action(async () => {
      const { demo } = await import("./demo/demo.js");
      process.exitCode = await demo();
    });
  return cli;
}

function withSettings(command: Command, names: readonly string[]): Command {
  for (const setting of SETTINGS.filter(({ name }) => names.includes(name))) {
    const { name, value, description } = setting;
    const option = new Option(
      value === undefined ? `--${name}` : `--${name} <${value}>`,
      description + defaultNote(setting),
    );
    if (setting.repeatable) option.argParser((value: string, before: string[] = []) => [...before, value]);
    command.addOption(option);
  }
  return command;
}

function defaultNote({
  defaultNote: note,
  default: value,
}: Pick<Setting, "default" | "defaultNote">): string {
  const known = note ?? value;
  return known === undefined ? "" : ` (default: ${known})`;
}

/** Commander's names back to those of the settings: `timeoutMs` -> `timeout-ms`. */
function settingFlags(flags: Readonly<Record<string, Flags[string] | true>>): Flags {
  return Object.fromEntries(
    Object.entries(flags).map(([key, value]) => [
      key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
      value === true ? "true" : value,
    ]),
  );
}

/**
 * Runs the command that the arguments name; help and version go to stdout.
 *
 * @throws UsageError with one line for arguments that are none of ours.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    await commands(args).parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    throw new UsageError(`${message} (see monty-code-mode --help)`);
  }
}
