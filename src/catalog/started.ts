import { unlessAborted, within } from "../waiting.js";
import type { Catalog, CatalogSource, UpstreamState } from "./catalog.js";

/** How long whoever needs the tools of a server waits while it starts, milliseconds. */
const START_MS = 3000;

/** Names of servers that took longer: nobody waits for them again until they have started. */
const late = new WeakMap<CatalogSource, Set<string>>();

/**
 * The tools, once those servers have started or failed that are wanted; as they are now where a server has been waited
 * for long enough, three seconds.
 *
 * @throws the signal's reason when it aborts first.
 */
export async function startedCatalog(
  source: CatalogSource,
  isWanted: (upstream: UpstreamState) => boolean,
  signal?: AbortSignal,
): Promise<Catalog> {
  const lateOnes = late.get(source) ?? new Set();
  late.set(source, lateOnes);
  for (const { name, state } of source.upstreams) if (state !== "starting") lateOnes.delete(name);
  const isAwaited = (upstream: UpstreamState) =>
    upstream.state === "starting" && !lateOnes.has(upstream.name) && isWanted(upstream);
  const awaited = source.upstreams.filter(isAwaited);
  if (awaited.length === 0) return source.catalog;

  const names = new Set(awaited.map(({ name }) => name));
  const started = source.started(({ name }) => names.has(name));
  if (!(await within(START_MS, signal === undefined ? started : unlessAborted(started, signal))))
    for (const { name, state } of source.upstreams)
      if (state === "starting" && names.has(name)) lateOnes.add(name);
  return source.catalog;
}
