import type { CatalogSource } from "../catalog/catalog.js";

/** Changes that come together are told as one: servers that start, shapes that a gather of calls shows. Milliseconds. */
const TOGETHER_MS = 100;

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
