import { beforeEach, describe, expect, it } from "vitest";
import { AnswerWriter } from "../../src/chat/answer-writer.js";

let written: string;
let writer: AnswerWriter;

beforeEach(() => {
  written = "";
  writer = new AnswerWriter((text) => {
    written += text;
  });
});

describe("an answer", () => {
  it("that nobody streamed is written at its end", () => {
    writer.finish("It is 7.");
    expect(written).toBe("It is 7.\n");
  });

  it("that was streamed is written once", () => {
    for (const piece of ["It ", "is ", "7. "]) writer.piece(piece);
    expect(written).toBe("It is 7. ");
    writer.finish("It is 7.");
    expect(written).toBe("It is 7. \n");
  });

  it("that goes on after what was streamed is completed", () => {
    writer.piece("It is 7.");
    writer.finish("It is 7.\n\nNote: 7 may be wrong.");
    expect(written).toBe("It is 7.\n\nNote: 7 may be wrong.\n");
  });

  it("that is another one than what was streamed stands on its own line", () => {
    writer.piece("It is 8.");
    writer.finish("It is 7.");
    expect(written).toBe("It is 8.\nIt is 7.\n");
  });

  it("that begins anew stands on its own line", () => {
    writer.restart();
    writer.piece("Let me see.");
    writer.restart();
    writer.restart();
    writer.piece("It is 7.");
    writer.finish("It is 7.");
    expect(written).toBe("Let me see.\nIt is 7.\n");
  });

  it("cannot drive the terminal, streamed or not", () => {
    writer.piece("\u001b[2J");
    writer.finish("\u001b[2J\u0007");
    expect(written).toBe("\\u001b[2J\\u0007\n");
  });
});
