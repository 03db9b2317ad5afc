import type { Diagnostic } from "./monty/checker.js";
import type { ModuleName } from "./prepare/module-names.js";
import { type Bindings, joinBindings, withoutNames } from "./prepare/names.js";
import type { Binds } from "./prepare.js";

/** What a session remembers: names, and characters of their declarations. Beyond, the oldest are forgotten. */
const MAX_NAMES = 1000;
const MAX_CHARACTERS = 64 * 1024;
/** A longer declaration is not kept: the name may be anything then. */
const MAX_DECLARATION = 4096;

/** Stands before the declarations. A name assigned by these has a type and yet may be assigned another one. */
const HEAD = `from typing import Any as __Any, Literal as __Literal, cast as __cast
def __earlier() -> __Any: ...
`;

const IDENTIFIER = /[\p{L}_][\p{L}\p{N}_]*/gu;
const STRINGS = /"(?:[^"\\]|\\.)*"/g;

interface Declaration {
  readonly text: string;
  /** Whether the checker holds the name to what this says. */
  readonly isDefinition: boolean;
}

/** A program behind what it uses of the programs before it. */
export interface Question {
  /** For the type checker. */
  readonly code: string;
  read(found: readonly Diagnostic[]): Answer;
}

/** What a check says of a program. */
export interface Answer {
  /** What was found in the program itself. */
  readonly own: readonly Diagnostic[];
  /** The types of its names at its end. */
  readonly types: ReadonlyMap<string, string>;
  /** Names on lines where the checker found fault: if they run, it is wrong about them. */
  readonly doubted: ReadonlySet<string>;
}

export const NO_ANSWER: Answer = { own: [], types: new Map(), doubted: new Set() };

/**
 * What the programs of a session have defined: for the type checker a declaration a name, for the
 * mender what is bound. What is in doubt is bound to anything: a program that would run is not refused.
 */
export class SessionNames {
  private readonly declarations = new Map<string, Declaration>();
  private readonly globals = new Set<string>();
  private hasUnread = false;
  /** Whether one of its functions catches failures in tasks: see `Ready.catchesInTasks`. */
  catchesInTasks = false;
  private known: Bindings = {
    bound: new Map(),
    asyncFunctions: new Set(),
    attributes: new Set(),
    hasClasses: false,
  };

  get bindings(): Bindings {
    return this.known;
  }

  /** Whether an earlier program may have bound the name, although there is no declaration of it. */
  mayHold(name: string): boolean {
    return this.hasUnread || this.known.bound.has(name);
  }

  /** Puts the declarations that a program needs before it. `functions` are the names of the host's functions. */
  ask(code: string, binds: Binds | undefined, functions: readonly string[]): Question {
    const rebound =
      binds && new Set([...binds.atTopLevel.bound.map(({ name }) => name), ...binds.atTopLevel.globals]);
    const used = this.used(code, new Set(functions));
    const declared = [...this.declarations]
      .filter(([name]) => used.has(name))
      .map(([name, { text, isDefinition }]) =>
        isDefinition && (rebound?.has(name) ?? true) ? anything(name) : text,
      );
    const before = declared.length === 0 ? "" : `${HEAD}${declared.join("\n")}\n`;
    const asked = binds ? values(binds.atTopLevel.bound) : [];
    const linesBefore = countLines(before);
    const lastLine = linesBefore + countLines(code) + 1;
    return {
      code: `${before}${code}\n${asked.map((name) => `reveal_type(${name})\n`).join("")}`,
      read(found) {
        const types = new Map<string, string>();
        for (const { line, rule, message } of found) {
          const name = asked[line - lastLine - 1];
          const [, type] = /^Revealed type: `(.*)`$/.exec(message) ?? [];
          if (name !== undefined && type !== undefined && rule === "revealed-type") types.set(name, type);
        }
        const own = found
          .filter(({ line }) => line > linesBefore && line <= lastLine)
          .map((each) => ({ ...each, line: each.line - linesBefore }));
        return { own, types, doubted: namesAt(own, code) };
      },
    };
  }

  /**
   * Takes in what a program has defined.
   *
   * @param binds undefined for a program that could not be read.
   * @param answer what the check said of it.
   * @param stoppedAt the line that failed, Infinity where all ran; the names that are bound where it is not known.
   */
  learn(binds: Binds | undefined, { types, doubted }: Answer, stoppedAt: number | ReadonlySet<string>): void {
    if (binds === undefined) {
      this.hasUnread = true;
      for (const name of this.declarations.keys()) this.declarations.set(name, unsure(name));
      return;
    }
    for (const name of binds.atTopLevel.globals) this.globals.add(name);
    const missed = new Set<string>();
    for (const [name, statements] of groupByName(binds.atTopLevel.bound)) {
      const declaration = declare(name, statements, types.get(name), stoppedAt);
      if (declaration === undefined) missed.add(name);
      else this.set(name, declaration);
    }
    for (const name of this.globals) if (this.declarations.has(name)) this.set(name, unsure(name));
    for (const name of doubted) {
      if (this.declarations.get(name)?.isDefinition === false) this.set(name, unsure(name));
    }
    const known = joinBindings(this.known, withoutNames(binds.anywhere, missed));
    this.known = {
      ...known,
      bound: new Map([...known.bound].slice(-MAX_NAMES)),
      attributes: new Set([...known.attributes].slice(-MAX_NAMES)),
    };
    this.trim();
  }

  /** The names with a declaration that code uses, and that their declarations use. */
  private used(code: string, functions: ReadonlySet<string>): Set<string> {
    const used = new Set<string>();
    const waiting: string[] = code.match(IDENTIFIER) ?? [];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const declaration = this.declarations.get(name);
      if (declaration === undefined || used.has(name) || functions.has(name)) continue;
      used.add(name);
      waiting.push(...(declaration.text.match(IDENTIFIER) ?? []));
    }
    return used;
  }

  private set(name: string, declaration: Declaration): void {
    if (this.declarations.get(name)?.isDefinition) {
      // What was made of the class that had the name is nothing of the new one.
      for (const [other, { text, isDefinition }] of this.declarations)
        if (!isDefinition && text.match(IDENTIFIER)?.includes(name))
          this.declarations.set(other, unsure(other));
    }
    // The latest comes last: a class before what is made of it.
    this.declarations.delete(name);
    this.declarations.set(name, declaration);
  }

  private trim(): void {
    let characters = 0;
    for (const [name, { text }] of [...this.declarations].reverse()) {
      characters += text.length;
      if (characters > MAX_CHARACTERS) this.declarations.set(name, unsure(name));
    }
    for (const name of [...this.declarations.keys()].slice(0, -MAX_NAMES)) {
      this.declarations.delete(name);
      this.hasUnread = true;
    }
  }
}

/** The names on the lines of code where errors were found. */
function namesAt(found: readonly Diagnostic[], code: string): Set<string> {
  const errors = found.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return new Set();
  const lines = code.split("\n");
  return new Set(errors.flatMap(({ line }) => lines[line - 1]?.match(IDENTIFIER) ?? []));
}

/** The declaration of a name after a program; undefined where the program did not come to bind it. */
function declare(
  name: string,
  statements: readonly ModuleName[],
  type: string | undefined,
  stoppedAt: number | ReadonlySet<string>,
): Declaration | undefined {
  if (typeof stoppedAt !== "number") return stoppedAt.has(name) ? unsure(name) : undefined;
  const last = statements.findLast(({ line, lastLine, isAtomic }) =>
    isAtomic ? lastLine < stoppedAt : line <= stoppedAt,
  );
  if (last === undefined) return undefined;
  if (last.lastLine >= stoppedAt) return unsure(name);
  const { declaration } = last;
  if (declaration !== undefined) {
    return declaration.length > MAX_DECLARATION ? unsure(name) : { text: declaration, isDefinition: true };
  }
  const expression = last === statements.at(-1) ? typeExpression(type) : undefined;
  if (expression === undefined) return unsure(name);
  return { text: `${name} = __cast(${expression}, None)`, isDefinition: false };
}

/** A type as the checker shows it, as an annotation; undefined for one that has none: that of a lambda. */
function typeExpression(type: string | undefined): string | undefined {
  if (type === undefined || type.length > MAX_DECLARATION) return undefined;
  const texts = type.match(STRINGS) ?? [];
  const frame = type
    .replace(STRINGS, '""')
    .replace(/\b(?:Unknown|Any|Never)\b/g, "__Any")
    .replace(/\bLiteral\b/g, "__Literal");
  if (!/^[\w.,[\]"| ]+$/.test(frame) || /[\w\]] [\w[]/.test(frame)) return undefined;
  let index = 0;
  return frame.replace(/""/g, () => texts[index++] ?? "");
}

function unsure(name: string): Declaration {
  return { text: anything(name), isDefinition: false };
}

function anything(name: string): string {
  return `${name} = __earlier()`;
}

/** The names that a program ends with as values, whose types only the checker knows. */
function values(bound: readonly ModuleName[]): string[] {
  return [...groupByName(bound)]
    .filter(([, statements]) => statements.at(-1)?.declaration === undefined)
    .map(([name]) => name);
}

function groupByName(bound: readonly ModuleName[]): Map<string, ModuleName[]> {
  const groups = new Map<string, ModuleName[]>();
  for (const each of bound) {
    const group = groups.get(each.name);
    if (group) group.push(each);
    else groups.set(each.name, [each]);
  }
  return groups;
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
