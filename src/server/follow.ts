import type { CatalogSource } from "../catalog/catalog.js";

/** Servers that start together bring their tools one after the other: who follows is told once, milliseconds. */
const TOGETHER_MS = 50;

/** Calls `listener` soon after changes of the catalog, once for several; until the function that it returns is called. */
export function follow(source: CatalogSource, listener: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = source.onChange(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      listener();
    }, TOGETHER_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
