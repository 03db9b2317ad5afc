import fc from "fast-check";
import { expect, it } from "vitest";
import { Lines } from "../../../src/catalog/upstream/lines.js";

function read(limit: number, chunks: readonly Buffer[]) {
  const lines: string[] = [];
  const cut: string[] = [];
  const reader = new Lines(
    limit,
    (line) => lines.push(line),
    (beginning) => cut.push(beginning),
  );
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { lines, cut };
}

it("gives the same lines however they are cut into chunks", () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "天", " ") }), { maxLength: 5 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 7 }), (expected, size) => {
      const bytes = Buffer.from(expected.map((line) => `${line}\n`).join(""));
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(read(1000, chunks).lines).toEqual(expected);
    }),
  );
});

it("leaves out the rest of a line that is too long, and goes on with the next", () => {
  const chunks = ["ab", "cdef", "ghi\r\nxy", "\n", "last"].map((text) => Buffer.from(text));
  expect(read(4, chunks)).toEqual({ lines: ["xy", "last"], cut: ["abcd"] });
});
