import { existsSync } from "node:fs";

/** The folder of this package's package.json; its URL ends with a slash. */
export const PACKAGE_ROOT: URL = findRoot();

/** Upwards from this file, which may be a source, compiled, or a part of the bundle. */
function findRoot(): URL {
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("package.json", folder))) {
    const parent = new URL("..", folder);
    if (parent.href === folder.href) throw new Error(`There is no package.json above ${import.meta.url}.`);
    folder = parent;
  }
  return folder;
}
