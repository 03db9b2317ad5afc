import type { ReadResourceResult, ResourceTemplate } from "@modelcontextprotocol/sdk/types.js";
import type { Executions } from "../journal/executions.js";
import { type Part, resultOf } from "../journal/load-result.js";
import type { PythonValue } from "../sandbox/python-value.js";
import { type Completers, noValues } from "./completions.js";

/** Length of a page, UTF-8 bytes; a character is not cut through. */
const PAGE_BYTES = 256 * 1024;

/** What the URIs of executions begin with. */
export const EXECUTION_SCHEME = "execution://";

const URI = /^execution:\/\/([\w-]+)\/(result|stdout)(?:\?page=(\d{1,9}))?$/;

export const executionTemplates: readonly ResourceTemplate[] = [
  {
    uriTemplate: "execution://{execution_id}/result{?page}",
    name: "result.json",
    title: "Whole result of a program",
    description: `JSON of what a program of execute_python gave, in pages of ${PAGE_BYTES / 1024} KiB.`,
    mimeType: "application/json",
  },
  {
    uriTemplate: "execution://{execution_id}/stdout{?page}",
    name: "stdout.txt",
    title: "All that a program printed",
    description: `In pages of ${PAGE_BYTES / 1024} KiB.`,
    mimeType: "text/plain",
  },
];

export function executionUri(id: string, part: Part): string {
  return `${EXECUTION_SCHEME}${id}/${part}`;
}

/** The whole results of a connection's programs, as resources. */
export class ExecutionResources {
  constructor(private readonly executions: Executions) {}

  /**
   * Reads a page; null for a URI that is none of an execution.
   *
   * @throws ExecutionError where nothing of that name is kept; RangeError where there is no such page.
   */
  read(uri: string): ReadResourceResult | null {
    const [, id, part, number = "1"] = URI.exec(uri) ?? [];
    if (id === undefined || part === undefined) return null;
    const execution = this.executions.find(id);
    const bytes = part === "stdout" ? Buffer.from(execution.stdout) : jsonOf(resultOf(execution));
    const page = Number(number);
    const pages = Math.max(1, Math.ceil(bytes.length / PAGE_BYTES));
    if (page < 1 || page > pages)
      throw new RangeError(`There is no page ${page} of ${executionUri(id, part as Part)}: it has ${pages}.`);
    const text = bytes
      .subarray(boundary(bytes, (page - 1) * PAGE_BYTES), boundary(bytes, page * PAGE_BYTES))
      .toString();
    const next = page < pages ? { next: `${executionUri(id, part as Part)}?page=${page + 1}` } : {};
    const mimeType = part === "stdout" || pages > 1 ? "text/plain" : "application/json";
    return {
      contents: [{ uri, mimeType, text, _meta: { page, pages, total_bytes: bytes.length, ...next } }],
    };
  }

  /** What can stand in the variables of the templates: ids, the latest first. */
  get completers(): Readonly<Record<string, Completers>> {
    const ids = this.executions.ids().toReversed();
    const completers: Completers = {
      execution_id: (typed) => ids.filter((id) => id.startsWith(typed)),
      page: noValues,
    };
    return Object.fromEntries(executionTemplates.map(({ uriTemplate }) => [uriTemplate, completers]));
  }
}

/** How long the JSON of a result is kept after a page was read, milliseconds. */
const PAGING_MS = 10_000;

/** The result that was read last, by whichever client, as JSON: clients read page after page. */
let latest:
  | { readonly value: PythonValue; readonly json: Buffer; readonly timer: NodeJS.Timeout }
  | undefined;

function jsonOf(value: PythonValue): Buffer {
  const json = latest?.value === value ? latest.json : Buffer.from(JSON.stringify(value.toJson().value));
  clearTimeout(latest?.timer);
  const timer = setTimeout(() => {
    latest = undefined;
  }, PAGING_MS).unref();
  latest = { value, json, timer };
  return json;
}

/** The first byte from `at` on that begins a character. */
function boundary(bytes: Buffer, at: number): number {
  let start = Math.min(at, bytes.length);
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}
