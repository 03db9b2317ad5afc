import { readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "./paths.js";

/** The version of this package. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL("package.json", PACKAGE_ROOT), "utf8"),
).version;
