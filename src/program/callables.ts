import { bindTool } from "../bind.js";
import type { Catalog, CatalogSource, UpstreamState } from "../catalog/catalog.js";
import { type PythonFunction, stubModule } from "../catalog/python-stubs.js";
import { startedCatalog } from "../catalog/started.js";
import { patternsFor } from "../catalog/text-patterns.js";
import type { HostFunction, Program } from "../sandbox/program.js";
import type { OwnFunction } from "./own-function.js";
import { similarNames } from "./similar-names.js";

/** Longer stubs are read by the type checker only for the functions that the code names, characters. */
const WHOLE_STUBS = 32 * 1024;

export interface CallablesOptions {
  readonly source: Pick<CatalogSource, "catalog" | "upstreams">;
  readonly own?: readonly OwnFunction[];
  readonly bind?: ((declared: PythonFunction) => HostFunction) | undefined;
  /** Whether earlier programs left functions behind, which may call any tool. */
  readonly isContinuing?: boolean | undefined;
}

/** What a program can call: functions of the host, and what is known of them. */
export type Callables = Pick<Program, "functions" | "stubs" | "suggest">;

/** What a program can reach: the functions that its code names, and the stubs to check it against. */
export function callablesOf(
  code: string,
  { source, own = [], bind = (declared) => bindTool(declared), isContinuing = false }: CallablesOptions,
): Callables {
  const { catalog, upstreams } = source;
  const { functions } = catalog.stubs;
  const names = namesIn(code);
  const named = functions.filter(({ name }) => names.has(name));
  const ownNamed = own.filter(({ host }) => isContinuing || names.has(host.name));
  return {
    functions: [...(isContinuing ? functions : named).map(bind), ...ownNamed.map(({ host }) => host)],
    stubs: wholeStubs(catalog, own) ?? withOwn(stubModule(named), own),
    suggest(name) {
      const server = serverOf(name, upstreams);
      // One that was there once has left its functions.
      if (server?.tools === 0 && server.state !== "ready")
        return `The functions of ${server.name} are not there: ${stateOf(server)}.`;
      const all = [...functions, ...own.map(({ host }) => host)];
      const similar = similarNames(
        name,
        Array.from(all, (one) => one.name),
      );
      return similar.length === 0 ? undefined : `There is no \`${name}\`. Similar: ${similar.join(", ")}.`;
    },
  };
}

/** The server whose functions begin so: where one's prefix begins another's, the longer one. */
function serverOf(name: string, upstreams: readonly UpstreamState[]): UpstreamState | undefined {
  const fitting = upstreams.filter(({ prefix }) => name.startsWith(prefix));
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** The tools for a program, once those servers have started or failed whose functions it names. */
export function catalogFor(code: string, source: CatalogSource, signal?: AbortSignal): Promise<Catalog> {
  return startedCatalog(source, isNamedIn(code), signal);
}

/** Whether the code names functions of a server. */
export function isNamedIn(code: string): (upstream: UpstreamState) => boolean {
  let names: readonly string[] | undefined;
  return ({ prefix }) => {
    names ??= [...namesIn(code)];
    return names.some((name) => name.startsWith(prefix));
  };
}

/** What the type checker reads for every program alike; undefined for a catalog that is too large. */
export function wholeStubs({ stubs: { text } }: Catalog, own: readonly OwnFunction[]): string | undefined {
  return text.length <= WHOLE_STUBS ? withOwn(text, own) : undefined;
}

/** Stubs of the tools with those of the server's own functions. */
export function withOwn(stubs: string, own: readonly OwnFunction[]): string {
  return [stubs, ...own.map(({ declaration }) => `${declaration}\n`)]
    .filter((part) => part !== "")
    .join("\n");
}

/** Why a server has no tools now. */
export function stateOf({ state, problem }: UpstreamState): string {
  if (state === "starting") return "it is still starting";
  return problem === undefined ? "it is down" : `it is down, ${problem.replace(/\.$/, "")}`;
}

/** The names in the code, as Python reads names; those in texts and comments as well. */
function namesIn(code: string): ReadonlySet<string> {
  const text = code.normalize("NFKC");
  return new Set(text.split(patternsFor(text).outsideIdentifier));
}
