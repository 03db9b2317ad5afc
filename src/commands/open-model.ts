import type { ChatModel } from "../ask/models/model.js";
import { type Config, hasModel } from "../config.js";
import { UsageError } from "./usage-error.js";

const NO_MODEL =
  "No model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint that needs no key (see Settings in the README).";

/**
 * The model of the settings.
 *
 * @throws UsageError that says what to set when there is none.
 */
export async function openModel({ model }: Config): Promise<ChatModel> {
  if (!hasModel(model)) throw new UsageError(NO_MODEL);
  // Imported late: only what asks a model loads the client.
  const { openaiModel } = await import("../ask/models/openai.js");
  return openaiModel(model);
}
