import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/sdk/types.js";
import type { ToolContext } from "../tool.js";

const MAX_ERROR = 4000;
const MAX_LABEL = 200;

/** Keeps the bytes of a binary, where somebody can ask for them. */
type Keep = ToolContext["keepBytes"];

/**
 * What a program gets of a tool's result: the structured content where there is any. Else the value of each content
 * item, one alone as it is and several as a list: text that is JSON as what it stands for, other text as it is, and a
 * binary as a dict of `type`, `mime_type` and `size`, with the name of its bytes as `bytes` where they can be loaded.
 */
export function resultValue({ structuredContent, content }: CallToolResult, keep: Keep): unknown {
  if (structuredContent !== undefined) return structuredContent;
  const values = content.map((item) => itemValue(item, keep));
  return values.length > 1 ? values : (values[0] ?? null);
}

/** What a failed call says, for the exception. */
export function errorText({ content }: CallToolResult): string {
  const text = content
    .flatMap((item) => (item.type === "text" ? [item.text] : []))
    .join("\n")
    .trim();
  if (text === "") return "The tool failed and does not say why.";
  return text.length > MAX_ERROR ? `${text.slice(0, MAX_ERROR)}…` : text;
}

function itemValue(item: ContentBlock, keep: Keep): unknown {
  switch (item.type) {
    case "text":
      return textValue(item.text);
    case "image":
    case "audio":
      return binary(item.type, item.mimeType, item.data, keep);
    case "resource_link":
      return {
        type: item.type,
        uri: item.uri,
        name: item.name,
        mime_type: label(item.mimeType),
        ...(item.size !== undefined && { size: item.size }),
      };
    case "resource": {
      const { resource } = item;
      if ("blob" in resource)
        return { ...binary(item.type, resource.mimeType, resource.blob, keep), uri: resource.uri };
      return {
        type: item.type,
        mime_type: label(resource.mimeType),
        size: Buffer.byteLength(resource.text),
        uri: resource.uri,
        text: resource.text,
      };
    }
  }
}

/** A number that JavaScript would round stays text: it is an id. */
function textValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && String(value) !== text.trim() ? text : value;
  } catch {
    return text;
  }
}

function binary(type: string, mimeType: string | undefined, base64: string, keep: Keep) {
  return {
    type,
    mime_type: label(mimeType),
    size: Buffer.byteLength(base64, "base64"),
    ...(keep && { bytes: keep(base64) }),
  };
}

function label(mimeType: string | undefined): string | null {
  return mimeType?.slice(0, MAX_LABEL) ?? null;
}
