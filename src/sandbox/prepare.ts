import { applyEdits } from "./prepare/edit.js";
import { mendCalls } from "./prepare/mend-calls.js";
import { mendResult, noResultNote } from "./prepare/mend-result.js";
import { type ModuleNames, readModuleNames } from "./prepare/module-names.js";
import { type Bindings, readBindings, readNames } from "./prepare/names.js";
import { hasError, lineAt, MAX_PARSED, type Tree } from "./prepare/parse.js";
import { refuse } from "./prepare/refuse.js";
import { unwrap } from "./prepare/unwrap.js";
import type { Failure } from "./program.js";

/** A program that is ready to be checked and run, or why it cannot run. */
export type Prepared = Ready | { readonly ok: false; readonly failure: Failure };

export interface Ready {
  readonly ok: true;
  readonly code: string;
  /** What was mended, a sentence each. */
  readonly notes: readonly string[];
  /** Why the result will be None, where the last statement has no value and nothing is printed. */
  readonly noValue?: string | undefined;
  /** Whether an `async def` of it has a `try`. */
  readonly catchesInTasks: boolean;
  /** What the program binds, where it can be read; in a session only. */
  readonly binds?: Binds | undefined;
  /** The line of the source as it was sent for a line of `code`; both count from 1. */
  lineOf(line: number): number;
}

/** What a program binds; lines are those of the source as it was sent. */
export interface Binds {
  readonly atTopLevel: ModuleNames;
  /** In any of its scopes. */
  readonly anywhere: Bindings;
}

/**
 * Mends what a program's author can only have meant in one way, and refuses what is certain not to
 * run. A program with a syntax error keeps it, for the runtime to tell; a very long one is left
 * as it is. `functions` are the names of the host's functions, `earlier` what the programs before it
 * in its session have bound. Never throws.
 */
export function prepare(
  source: string,
  functions: readonly string[] = [],
  earlier?: Bindings | undefined,
): Prepared {
  const text = source.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const sourceLines = text.split("\n");
  const unwrapped = unwrap(text);
  if ("failure" in unwrapped) return { ok: false, failure: unwrapped.failure };
  const { code, tree, linesBefore } = unwrapped;
  const notes = [...unwrapped.notes];
  if (!tree) {
    if (code.length > MAX_PARSED) notes.push(`Programs beyond ${MAX_PARSED} characters are not mended.`);
    const catchesInTasks = /\basync\s+def\b/.test(code) && /\btry\b/.test(code);
    return { ok: true, code, notes, catchesInTasks, lineOf: (line) => line + linesBefore };
  }

  const isWhole = !hasError(tree.topNode);
  const names = readNames(tree, code, functions, earlier);
  const { mends, modules } = mendCalls(tree, code, names, isWhole);
  const mended = new Set(mends.flatMap(({ edits }) => edits.map(({ from }) => from)));
  if (isWhole) {
    const failure = refuse(
      tree,
      code,
      names,
      (from) => mended.has(from),
      (line) => ({ line: line + linesBefore, source: sourceLines[line + linesBefore - 1] ?? "" }),
    );
    if (failure) return { ok: false, failure };
  }

  const result = mendResult(tree, code, names, earlier !== undefined);
  const imports = modules.length > 0 ? `import ${modules.join(", ")}\n` : "";
  const lastLine = result?.lastLine === undefined ? "" : `\n${result.lastLine}`;
  const edits = [...mends.flatMap((mend) => mend.edits), ...(result?.edits ?? [])];
  notes.push(...new Set(mends.map(({ note }) => note)));
  notes.push(...modules.map((name) => `\`import ${name}\` was added.`));
  notes.push(...(result?.notes ?? []));

  const linesAdded = imports === "" ? 0 : 1;
  const lastOwnLine = lineAt(code, code.length);
  const lastStatementLine =
    result?.lastLine === undefined ? lastOwnLine : lineAt(code, code.slice(0, result.at).trimEnd().length);
  return {
    ok: true,
    code: imports + applyEdits(code, edits) + lastLine,
    notes,
    catchesInTasks: code.includes("try") && hasTryInTask(tree),
    binds: earlier && isWhole ? readBinds(tree, code, modules, linesBefore) : undefined,
    noValue: result ? undefined : noResultNote(tree, code),
    lineOf(line) {
      const own = Math.max(1, line - linesAdded);
      return (own > lastOwnLine ? lastStatementLine : own) + linesBefore;
    },
  };
}

function hasTryInTask(tree: Tree): boolean {
  let found = false;
  tree.cursor().iterate(({ name, node }) => {
    if (name !== "TryStatement" || found) return;
    for (let outer = node.parent; outer && !found; outer = outer.parent)
      found = outer.name === "FunctionDefinition" && outer.firstChild?.name === "async";
  });
  return found;
}

function readBinds(tree: Tree, code: string, modules: readonly string[], linesBefore: number): Binds {
  const { bound, globals } = readModuleNames(tree, code);
  const added = modules.map((name) => ({
    name,
    declaration: `import ${name}`,
    isAtomic: false,
    line: 0,
    lastLine: 0,
  }));
  const own = bound.map((each) => ({
    ...each,
    line: each.line + linesBefore,
    lastLine: each.lastLine + linesBefore,
  }));
  return { atTopLevel: { bound: [...added, ...own], globals }, anywhere: readBindings(tree, code, modules) };
}
