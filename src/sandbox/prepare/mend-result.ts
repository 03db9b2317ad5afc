import type { Edit, Mend } from "./edit.js";
import { unusedName } from "./mend-calls.js";
import type { Names } from "./names.js";
import { children, contains, hasError, type SyntaxNode, type Tree } from "./parse.js";

/** What makes the program give a result: edits in place, and a line that is put at its end. */
export interface ResultMend {
  readonly edits: readonly Edit[];
  readonly lastLine?: string;
  readonly notes: readonly string[];
  /** Where the last statement ends: the added line counts as a part of it. */
  readonly at: number;
}

/** Nodes whose evaluation does more than look something up. */
const EFFECTS = new Set(["CallExpression", "AwaitExpression", "NamedExpression", "YieldExpression"]);

/** Statements at the top level that do nothing by themselves. */
const HARMLESS = new Set(["ImportStatement", "FunctionDefinition", "ClassDefinition", "PassStatement"]);

/**
 * Makes the value that a program means to give the value of its last expression, where there is
 * only one way to read it; undefined where there is nothing to mend. In a session, a function that
 * nothing calls may be meant for the next program.
 */
export function mendResult(
  tree: Tree,
  code: string,
  names: Names,
  inSession = false,
): ResultMend | undefined {
  const statements = children(tree.topNode).filter((node) => !node.type.isError);
  const last = statements.at(-1);
  if (!last || hasError(last)) return undefined;
  const small = smallStatement(last);
  const at = last.to;
  const target = assigned(small, code);
  if (target !== undefined) {
    return {
      edits: [],
      lastLine: target,
      notes: [`The last statement is an assignment: the result is \`${target}\`.`],
      at,
    };
  }
  if (small.name === "ReturnStatement") return { ...returned(small), at };
  if (small.name === "ExpressionStatement") {
    const awaited = awaitCall(small, code, names);
    return awaited && { edits: awaited.edits, notes: [awaited.note], at };
  }
  if (small.name === "FunctionDefinition") return uncalled(small, statements, tree, code, inSession);
  if (small.name === "IfStatement") return mainBlock(small, code, names);
  return undefined;
}

/** The last of several statements on one line, or the statement itself. */
function smallStatement(statement: SyntaxNode): SyntaxNode {
  if (statement.name !== "StatementGroup") return statement;
  return children(statement).findLast((node) => node.name !== ";") ?? statement;
}

/** The first target of an assignment, if looking it up again has no effects. */
function assigned(statement: SyntaxNode, code: string): string | undefined {
  const parts = children(statement);
  const endsTarget = (node: SyntaxNode) => ["AssignOp", "UpdateOp", "TypeDef"].includes(node.name);
  if (statement.name !== "AssignStatement" && statement.name !== "UpdateStatement") return undefined;
  if (!parts.some((part) => part.name === "AssignOp" || part.name === "UpdateOp")) return undefined;
  const target = parts.slice(0, parts.findIndex(endsTarget));
  const first = target[0];
  const last = target.at(-1);
  if (!first || !last || target.some((node) => contains(node, (name) => EFFECTS.has(name)))) return undefined;
  return code.slice(first.from, last.to);
}

function returned(statement: SyntaxNode): { edits: Edit[]; notes: string[] } {
  const [keyword, value] = children(statement);
  const to = keyword?.to ?? statement.to;
  const note = "The last statement is a `return` outside a function: the result is its value.";
  if (!value) return { edits: [{ from: statement.from, to, text: "None" }], notes: [note] };
  return {
    edits: [
      { from: statement.from, to, text: "(" },
      { from: statement.to, to: statement.to, text: ")" },
    ],
    notes: [note],
  };
}

/** Awaits a statement that is nothing but the call of a function that is certain to be async. */
function awaitCall(statement: SyntaxNode, code: string, names: Names): Mend | undefined {
  const [call, ...more] = children(statement);
  const callee = call?.firstChild;
  if (call?.name !== "CallExpression" || !callee || more.length > 0) return undefined;
  const name = code.slice(callee.from, callee.to);
  const isPlain = callee.name === "VariableName";
  const isAsync = isPlain && (names.isAsyncFunction(name) || names.isHostFunction(name));
  if (!isAsync && names.path(callee) !== "asyncio.gather") return undefined;
  return {
    edits: [{ from: call.from, to: call.from, text: "await " }],
    note: `The last statement calls \`${name}\` without \`await\`: it is awaited.`,
  };
}

/** Calls a function that stands at the end and that nothing calls. */
function uncalled(
  definition: SyntaxNode,
  statements: readonly SyntaxNode[],
  tree: Tree,
  code: string,
  inSession: boolean,
): ResultMend | undefined {
  const own = definition.getChild("VariableName");
  if (!own || needsArguments(definition)) return undefined;
  const name = code.slice(own.from, own.to);
  if (name !== "main" && (inSession || !doesNothingElse(definition, statements))) return undefined;
  if (isUsed(name, own, tree, code)) return undefined;
  const call = definition.firstChild?.name === "async" ? `await ${name}()` : `${name}()`;
  const notes = [`\`${name}\` is defined last and never called: \`${call}\` was added at the end.`];
  const tail = returnTail(definition, code);
  if (tail) notes.push(`\`${name}\` returns nothing: ${tail.note}`);
  return { edits: tail?.edits ?? [], lastLine: call, notes, at: definition.to };
}

function needsArguments(definition: SyntaxNode): boolean {
  const parameters = children(definition.getChild("ParamList") ?? definition);
  return parameters.some((node, index) => {
    const before = parameters[index - 1]?.name;
    if (node.name !== "VariableName" || before === "AssignOp" || before === "*" || before === "**")
      return false;
    const after = parameters[index + 1]?.name === "TypeDef" ? parameters[index + 2] : parameters[index + 1];
    return after?.name !== "AssignOp";
  });
}

/** Whether the program consists of imports, constants, and this one function. */
function doesNothingElse(definition: SyntaxNode, statements: readonly SyntaxNode[]): boolean {
  return statements.every((node) => {
    if (node.from === definition.from) return true;
    if (node.name === "FunctionDefinition") return false;
    const isDocstring = node.name === "ExpressionStatement" && node.firstChild?.name === "String";
    const isConstant = node.name === "AssignStatement" && !contains(node, (name) => EFFECTS.has(name));
    return isDocstring || isConstant || HARMLESS.has(node.name);
  });
}

function isUsed(name: string, own: SyntaxNode, tree: Tree, code: string): boolean {
  let isFound = false;
  tree.cursor().iterate((ref) => {
    if (ref.name === "VariableName" && ref.from !== own.from && code.slice(ref.from, ref.to) === name)
      isFound = true;
    return !isFound;
  });
  return isFound;
}

/** Makes the last expression or assignment of a function that returns nothing its return value. */
function returnTail(definition: SyntaxNode, code: string): Mend | undefined {
  if (contains(definition, (name) => name === "ReturnStatement" || name === "YieldExpression"))
    return undefined;
  const body = children(definition.getChild("Body") ?? definition).at(-1);
  const last = body && smallStatement(body);
  if (!last) return undefined;
  const target = assigned(last, code);
  if (target !== undefined && !target.includes("\n")) {
    return {
      edits: [{ from: last.to, to: last.to, text: `; return ${target}` }],
      note: `\`return ${target}\` was added after its last assignment.`,
    };
  }
  if (last.name !== "ExpressionStatement" || isPrint(last, code)) return undefined;
  return {
    edits: [{ from: last.from, to: last.from, text: "return " }],
    note: "`return` was put before its last expression.",
  };
}

function isPrint(statement: SyntaxNode, code: string): boolean {
  const callee = statement.firstChild?.name === "CallExpression" ? statement.firstChild.firstChild : null;
  return callee?.name === "VariableName" && code.slice(callee.from, callee.to) === "print";
}

/** Gives the value of `if __name__ == "__main__":` at the end of the program. */
function mainBlock(statement: SyntaxNode, code: string, names: Names): ResultMend | undefined {
  const parts = children(statement);
  const [, condition, body] = parts;
  if (parts.length !== 3 || condition?.name !== "BinaryExpression" || body?.name !== "Body") return undefined;
  const sides = children(condition).map((node) => code.slice(node.from, node.to));
  const isMain = ['"__main__"', "'__main__'"].some((text) =>
    [`__name__ == ${text}`, `${text} == __name__`].includes(sides.join(" ")),
  );
  const tail = children(body).at(-1);
  const last = tail && smallStatement(tail);
  if (!isMain || !last) return undefined;
  const at = statement.to;
  const notes = ['The result is that of the block `if __name__ == "__main__":`.'];
  const target = assigned(last, code);
  if (target !== undefined) return { edits: [], lastLine: target, notes, at };
  if (last.name !== "ExpressionStatement" || isPrint(last, code)) return undefined;
  const result = unusedName("_result", code);
  const awaited = awaitCall(last, code, names);
  return {
    edits: [{ from: last.from, to: last.from, text: `${result} = ` }, ...(awaited?.edits ?? [])],
    lastLine: result,
    notes: awaited ? [...notes, awaited.note] : notes,
    at,
  };
}

/** A sentence for a program whose last statement has no value and that prints nothing either. */
export function noResultNote(tree: Tree, code: string): string | undefined {
  const last = children(tree.topNode).at(-1);
  if (!last || hasError(last) || smallStatement(last).name === "ExpressionStatement") return undefined;
  let isPrinting = false;
  tree.cursor().iterate((ref) => {
    if (ref.name === "CallExpression" && code.startsWith("print", ref.from)) isPrinting = true;
    return !isPrinting;
  });
  if (isPrinting) return undefined;
  return "The last statement has no value, so the result is null: end the program with an expression.";
}
