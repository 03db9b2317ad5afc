/** Markup, as opposed to text that is to be escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | readonly Html[] | string | number;

/** Markup with values in it: every one that is no `Html` is escaped, for text and for quoted attributes. */
export function html(markup: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(String.raw({ raw: markup }, ...values.map(written)));
}

function written(value: Part): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("\n");
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
