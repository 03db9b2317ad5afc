import { PythonError } from "../sandbox/monty/calls.js";
import type { ByteStore } from "./byte-store.js";
import type { OwnFunction } from "./own-function.js";

const NAME = "load_bytes";

/** Names that an error lists. */
const LISTED = 5;

/** Gives programs the bytes of an image or another binary that a tool returned. */
export function loadBytesFunction(store: ByteStore): OwnFunction {
  return {
    declaration: `async def ${NAME}(name: str) -> bytes:
    """The bytes of an image or another binary in a tool's result, by the name that stands there. The latest are kept."""
    ...`,
    host: {
      name: NAME,
      parameters: ["name"],
      async call({ name }) {
        if (typeof name !== "string")
          throw new PythonError(
            "TypeError",
            `${NAME}: name must be the text that stands in the tool's result.`,
          );
        const bytes = store.get(name);
        if (bytes !== undefined) return bytes;
        const latest = store.names.slice(-LISTED).join(", ");
        const kept = latest === "" ? "None are kept." : `The latest that are: ${latest}.`;
        throw new PythonError(
          "ValueError",
          `${NAME}: no bytes are kept by the name ${JSON.stringify(name)}. ${kept}`,
        );
      },
    },
  };
}
