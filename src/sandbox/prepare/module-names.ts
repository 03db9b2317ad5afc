import { readImport } from "./names.js";
import { children, contains, lineAt, type SyntaxNode, type Tree } from "./parse.js";

/** A name that a statement binds at the top level of a program. */
export interface ModuleName {
  readonly name: string;
  /** What declares the name to a type checker: an import, a class, the head of a function; undefined for a value. */
  readonly declaration?: string | undefined;
  /** Whether the statement binds the name with its last step: where it fails, the name is what it was. */
  readonly isAtomic: boolean;
  /** First and last line of the statement, 1-based. */
  readonly line: number;
  readonly lastLine: number;
}

export interface ModuleNames {
  /** In the order of their statements. */
  readonly bound: readonly ModuleName[];
  /** Names that functions can bind, by `global`. */
  readonly globals: ReadonlySet<string>;
}

/** Reads what a program without syntax errors binds at its top level. */
export function readModuleNames(tree: Tree, code: string): ModuleNames {
  const bound: ModuleName[] = [];
  const globals = new Set<string>();
  for (const statement of children(tree.topNode)) {
    const end = statement.from + text(statement, code).trimEnd().length;
    const isAtomic = bindsLast(statement);
    const lines = { line: lineAt(code, statement.from), lastLine: lineAt(code, end) };
    const declared = declarations(statement, code);
    if (declared) {
      for (const [name, declaration] of declared) bound.push({ name, declaration, isAtomic, ...lines });
    } else for (const name of boundBy(statement, code)) bound.push({ name, isAtomic, ...lines });
  }
  tree.cursor().iterate((ref) => {
    if (ref.name !== "ScopeStatement") return;
    for (const node of children(ref.node)) if (node.name === "VariableName") globals.add(text(node, code));
  });
  return { bound, globals };
}

/** Whether a statement is a definition, or an assignment to plain names and to nothing else. */
function bindsLast(statement: SyntaxNode): boolean {
  if (statement.name !== "AssignStatement") return /^(Function|Class)Definition$/.test(statement.name);
  const parts = children(statement);
  const end = parts.findLastIndex((part) => part.name === "AssignOp");
  const isPlain = parts.slice(0, end).every(({ name }) => /^(VariableName|AssignOp|TypeDef)$/.test(name));
  return isPlain && !contains(statement, (name) => name === "NamedExpression");
}

/** What a statement declares, by name, if it is nothing but a declaration. */
function declarations(statement: SyntaxNode, code: string): [string, string][] | undefined {
  if (statement.name === "ImportStatement") {
    const { from, items } = readImport(statement, code);
    return items.map(({ name, path, module }) => {
      const alias = name === path ? "" : ` as ${name}`;
      if (from !== undefined) return [name, `from ${from} import ${path.slice(from.length + 1)} as ${name}`];
      return [name.split(".")[0] ?? name, `import ${module}${alias}`];
    });
  }
  if (statement.name === "FunctionDefinition") {
    const own = statement.getChild("VariableName");
    const body = statement.getChild("Body");
    if (!own || !body) return undefined;
    return [[text(own, code), `${code.slice(statement.from, body.from)}: ...`]];
  }
  const definition = statement.name === "DecoratedStatement" ? statement.lastChild : statement;
  const own = definition?.name === "ClassDefinition" ? definition.getChild("VariableName") : undefined;
  return own ? [[text(own, code), text(statement, code).trimEnd()]] : undefined;
}

/** The names that a statement binds in the scope it stands in. */
function boundBy(statement: SyntaxNode, code: string): Set<string> {
  const names = new Set<string>();
  const bindTargets = (nodes: readonly SyntaxNode[]) => {
    for (const node of nodes) {
      if (node.name === "VariableName") names.add(text(node, code));
      else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name)) bindTargets(children(node));
    }
  };
  statement.cursor().iterate(({ name, node }) => {
    const parts = children(node);
    if (name === "FunctionDefinition" || name === "ClassDefinition") {
      bindTargets(parts.slice(0, parts.findIndex((part) => part.name === "VariableName") + 1));
      return false;
    }
    if (name === "ImportStatement") {
      for (const item of readImport(node, code).items) names.add(item.name.split(".")[0] ?? item.name);
    } else if (name === "AssignStatement") {
      const end = parts.findLastIndex((part) => part.name === "AssignOp");
      bindTargets(parts.slice(0, Math.max(0, end)));
    } else if (name === "UpdateStatement" || name === "NamedExpression") {
      bindTargets(parts.slice(0, 1));
    } else if (name === "ForStatement") {
      const [from, to] = ["for", "in"].map((word) => parts.findIndex((part) => part.name === word));
      bindTargets(parts.slice(from, to));
    } else if (name === "WithStatement" || name === "TryStatement") {
      parts.forEach((part, index) => {
        if (parts[index - 1]?.name === "as") bindTargets([part]);
      });
    }
    return name !== "LambdaExpression";
  });
  return names;
}

function text(node: { from: number; to: number }, code: string): string {
  return code.slice(node.from, node.to);
}
