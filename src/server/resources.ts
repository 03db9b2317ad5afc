import { dialectGuide } from "../sandbox/dialect.js";

/** A text that clients can read. */
export interface ServerResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly text: string;
}

/** The resources of a server whose programs see these stubs. */
export function serverResources(stubs: string): readonly ServerResource[] {
  return [
    {
      uri: "monty-code-mode://stubs",
      name: "stubs.py",
      title: "Python stubs of the tools",
      description: "The functions that a program of execute_python can call, with their types.",
      mimeType: "text/x-python",
      text: stubs,
    },
    {
      uri: "monty-code-mode://dialect",
      name: "dialect.md",
      title: "Guide to the Python dialect",
      description: "What works in a program of execute_python, what does not, and what to write instead.",
      mimeType: "text/markdown",
      text: dialectGuide,
    },
  ];
}
