import { readFileSync } from "node:fs";

/** The version of this package. */
export const VERSION: string = JSON.parse(readFileSync(findPackageJson(), "utf8")).version;

function findPackageJson(): URL {
  // Built, this file stands one folder deeper than its source.
  const fromDist = import.meta.url.includes("/dist/src/");
  return new URL(fromDist ? "../../package.json" : "../package.json", import.meta.url);
}
