import type { InitializeHook, ResolveHook } from "node:module";

/** What `register` hands over: this package's own entry. */
export interface HookData {
  readonly entryUrl: string;
}

let entryUrl: string;

export const initialize: InitializeHook<HookData> = (data) => {
  entryUrl = data.entryUrl;
};

/**
 * A tools folder need not have `monty-code-mode` and `zod` installed. The first is always the one that runs, whose
 * errors it knows; a `zod` of the folder's own goes before ours.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  if (specifier === "monty-code-mode") return nextResolve(entryUrl, context);
  if (specifier !== "zod" && !specifier.startsWith("zod/")) return nextResolve(specifier, context);
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return nextResolve(specifier, { ...context, parentURL: entryUrl });
  }
};
