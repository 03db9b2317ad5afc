import fc from "fast-check";
import { expect, it } from "vitest";
import { FrameReader, frame, MAX_FRAME_BYTES } from "../../../src/sandbox/monty/frames.js";

it("gives back the messages of a stream, however it is cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 })), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(frame));
      const reader = new FrameReader();
      const received: Buffer[] = [];
      let start = 0;
      for (const length of [...cuts, stream.length]) {
        received.push(...reader.push(stream.subarray(start, start + length)));
        start += length;
      }
      expect(received.map((message) => message.toString("hex"))).toEqual(
        sent.map((message) => Buffer.from(message).toString("hex")),
      );
    }),
  );
});

it("refuses a frame that is too long before it is read", () => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(MAX_FRAME_BYTES + 1);
  expect(() => [...new FrameReader().push(header)]).toThrow(RangeError);
});
