import type { ContentBlock } from "@modelcontextprotocol/sdk/types.js";
import { expect, it } from "vitest";
import { errorText, resultValue } from "../../../src/catalog/upstream/results.js";

function value(...content: ContentBlock[]): unknown {
  return resultValue({ content }, undefined);
}

const text = (text: string): ContentBlock => ({ type: "text", text });

it("is the structured content where there is any", () => {
  expect(resultValue({ content: [text("{}")], structuredContent: { a: 1 } }, undefined)).toEqual({ a: 1 });
});

it.each([
  ['{"a": [1, 2.5, null]}', { a: [1, 2.5, null] }],
  [" [1]\n", [1]],
  ["42", 42],
  ["true", true],
  ["null", null],
  ['"quoted"', "quoted"],
  ["plain words", "plain words"],
  ["{half", "{half"],
  ["", ""],
  ["007", "007"],
  ["12345678901234567890", "12345678901234567890"],
  ["1.10", "1.10"],
])("reads the text %j", (given, expected) => {
  expect(value(text(given))).toEqual(expected);
});

it("is nothing, one value, or a list of values", () => {
  expect(value()).toBeNull();
  expect(value(text("a"))).toBe("a");
  expect(value(text("a"), text('{"b": 1}'))).toEqual(["a", { b: 1 }]);
});

it("describes binaries and keeps their bytes only for who may ask", () => {
  const content: ContentBlock[] = [
    { type: "image", data: "AAECAw==", mimeType: "image/png" },
    { type: "audio", data: "AAEC", mimeType: "audio/wav" },
    { type: "resource", resource: { uri: "file:///a", blob: "AA==", mimeType: "application/gzip" } },
    { type: "resource", resource: { uri: "file:///b", text: "é" } },
    { type: "resource_link", uri: "file:///c", name: "c", size: 12 },
  ];
  expect(resultValue({ content }, undefined)).toEqual([
    { type: "image", mime_type: "image/png", size: 4 },
    { type: "audio", mime_type: "audio/wav", size: 3 },
    { type: "resource", mime_type: "application/gzip", size: 1, uri: "file:///a" },
    { type: "resource", mime_type: null, size: 2, uri: "file:///b", text: "é" },
    { type: "resource_link", uri: "file:///c", name: "c", mime_type: null, size: 12 },
  ]);
  const kept: string[] = [];
  const keep = (base64: string) => `bytes_${kept.push(base64)}`;
  expect(resultValue({ content: content.slice(0, 3) }, keep)).toMatchObject([
    { bytes: "bytes_1" },
    { bytes: "bytes_2" },
    { bytes: "bytes_3" },
  ]);
  expect(kept).toEqual(["AAECAw==", "AAEC", "AA=="]);
});

it("tells an error by its text, at some length at most", () => {
  expect(errorText({ content: [text("No such"), text("person.\n")] })).toBe("No such\nperson.");
  expect(errorText({ content: [] })).toBe("The tool failed and does not say why.");
  expect(errorText({ content: [text("x".repeat(10_000))] })).toHaveLength(4001);
});
