import type { InitializeHook, ResolveHook } from "node:module";

/** What `register` hands over: this package's own entry. */
export interface HookData {
  readonly entryUrl: string;
}

let entryUrl: string;

export const initialize: InitializeHook<HookData> = (data) => {
  entryUrl = data.entryUrl;
};

/** A tools folder need not have `monty-code-mode` and `zod` installed: what it does not find, this package gives. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const isOwn = specifier === "monty-code-mode";
  const isZod = specifier === "zod" || specifier.startsWith("zod/");
  if (!isOwn && !isZod) return nextResolve(specifier, context);
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return isOwn
      ? nextResolve(entryUrl, context)
      : nextResolve(specifier, { ...context, parentURL: entryUrl });
  }
};
