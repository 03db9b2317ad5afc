/** JSON for a reader: what fits in a line stays on it. */
export function formatJson(value: unknown, width: number, indent = ""): string {
  const isObject = typeof value === "object" && value !== null;
  const flat = isObject ? oneLine(value) : JSON.stringify(value);
  if (!isObject || indent.length + flat.length <= width) return flat;
  const inside = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => inside + formatJson(item, width, inside))
    : Object.entries(value).map(([key, item]) => {
        const head = `${inside}${JSON.stringify(key)}: `;
        return head + formatJson(item, width - head.length + inside.length, inside);
      });
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return `{${entries.join(", ")}}`;
}
