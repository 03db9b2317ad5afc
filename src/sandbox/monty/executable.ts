import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The runtime version whose protocol this folder speaks. */
export const MONTY_VERSION = "0.0.23";

/** There is no runtime to run programs with. The message says what to do. */
export class RuntimeMissingError extends Error {
  override readonly name = "RuntimeMissingError";
}

const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@pydantic/monty-linux-x64-gnu",
  "linux-arm64": "@pydantic/monty-linux-arm64-gnu",
  "darwin-arm64": "@pydantic/monty-darwin-arm64",
  "darwin-x64": "@pydantic/monty-darwin-x64",
  "win32-x64": "@pydantic/monty-win32-x64-msvc",
};

/**
 * Finds the executable of the Monty runtime: the one named, or that of the installed platform package.
 *
 * @throws RuntimeMissingError when it is not there or cannot be executed.
 */
export function findExecutable(named?: string): string {
  if (named !== undefined) {
    if (!isExecutable(named))
      throw new RuntimeMissingError(`The Monty runtime ${named} is not an executable file.`);
    return named;
  }
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined) {
    const known = Object.keys(PACKAGES).join(", ");
    throw new RuntimeMissingError(
      `Monty has no runtime for ${platform}, only for ${known}. Name one of your own with --runtime.`,
    );
  }
  const file = process.platform === "win32" ? "monty.exe" : "monty";
  let path: string;
  try {
    path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
  } catch {
    throw new RuntimeMissingError(
      `The Monty runtime for ${platform} is not installed: the package ${name}@${MONTY_VERSION} is missing. ` +
        "Install it (npm leaves it out with --omit=optional), or name an executable with --runtime.",
    );
  }
  if (!isExecutable(path))
    throw new RuntimeMissingError(`The Monty runtime ${path} is not an executable file.`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
