import { createHash } from "node:crypto";
import { OWN_NAMES, RESERVED, unique } from "../python-names.js";

/** As long as the names of tools may be in MCP. */
const MAX_NAME = 128;
const MAX_PREFIX = 64;
/** For a number, and a second `_`. */
const ROOM = 6;

/** What the names of each server's functions begin with, in the order of `servers`. */
export function serverPrefixes(servers: readonly string[]): string[] {
  const taken = new Set<string>();
  return servers.map((server) => {
    const word = server.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
    const name = cut(/^[A-Za-z]/.test(word) ? word : `server_${word}`.replace(/_$/, ""), server, MAX_PREFIX);
    return `${unique(taken, [name], "_")}_`;
  });
}

/**
 * Names the functions of one server's tools: the prefix, then the tool's name made valid for Python.
 *
 * The names depend on this server's tools and on what is known before any server starts, so that they are the same
 * whichever starts first. A name that belongs to something else gets a second `_` behind the server's own: one of
 * `others`, or one that would begin as the functions of another server do.
 *
 * @param tools distinct names, as the server has them.
 * @param prefixes those of all servers.
 * @param others names of local tools and of their functions.
 */
export function nameTools(
  prefix: string,
  tools: readonly string[],
  { prefixes, others }: { prefixes: readonly string[]; others: ReadonlySet<string> },
): Map<string, string> {
  const nested = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
  const isOthers = (name: string) =>
    OWN_NAMES.includes(name) ||
    RESERVED.has(name) ||
    others.has(name) ||
    nested.some((other) => name.startsWith(other));
  const taken = new Set<string>(others);
  const free = (word: string) => {
    for (let n = 1; ; n++) {
      const numbered = n === 1 ? word : `${word}_${n}`;
      const name = isOthers(prefix + numbered) ? `${prefix}_${numbered}` : prefix + numbered;
      if (!taken.has(name)) return name;
    }
  };
  // A name that is valid stays: the tool that has to be renamed gives way.
  const inOrder = tools
    .map((tool) => ({ tool, word: wordOf(tool) }))
    .sort((a, b) => Number(a.word !== a.tool) - Number(b.word !== b.tool) || (a.tool < b.tool ? -1 : 1));
  const names = new Map<string, string>();
  for (const { tool, word } of inOrder) {
    const name = free(cut(word, tool, MAX_NAME - prefix.length - ROOM));
    taken.add(name);
    names.set(tool, name);
  }
  return names;
}

function wordOf(tool: string): string {
  return tool.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^_+/, "") || "tool";
}

/** A name of at most `max` characters; a longer one ends in a hash, so that it stays one of its kind. */
function cut(name: string, whole: string, max: number): string {
  if (name.length <= max) return name;
  return `${name.slice(0, max - 9)}_${createHash("sha256").update(whole).digest("hex").slice(0, 8)}`;
}
