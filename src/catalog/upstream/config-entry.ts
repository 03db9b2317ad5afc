import { ConfigError } from "../../config.js";
import { isObject } from "../../is-object.js";
import { joinPath } from "../explain.js";

/**
 * A value with its place in a file of JSON. What is not as it should be is a ConfigError with the path, which shows no
 * value.
 */
export class Entry {
  constructor(
    readonly file: string,
    private readonly path: readonly PropertyKey[],
    private readonly value: unknown,
  ) {}

  get isPresent(): boolean {
    return this.value !== undefined;
  }

  optional(): Entry | undefined {
    return this.isPresent ? this : undefined;
  }

  at(key: PropertyKey): Entry {
    return new Entry(this.file, [...this.path, key], (this.value as Record<PropertyKey, unknown>)[key]);
  }

  object(): ObjectEntry {
    const { value } = this;
    if (!isObject(value)) this.expect("an object");
    return {
      get: (key) => (Object.hasOwn(value as object, key) ? this.at(key) : this.missing(key)),
      entries: () => Object.keys(value as object).map((key) => [key, this.at(key)]),
    };
  }

  text(): string {
    if (typeof this.value !== "string") this.expect("text");
    return this.value as string;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") this.expect("true or false");
    return this.value as boolean;
  }

  /** A whole number from 1. */
  count(max: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max)
      this.fail(`expected a whole number from 1 to ${max}`);
    return value as number;
  }

  texts(): string[] {
    if (!Array.isArray(this.value)) this.expect("a list of texts");
    return (this.value as unknown[]).map((_, index) => this.at(index).text());
  }

  textByName(): Record<string, string> {
    return Object.fromEntries(
      this.object()
        .entries()
        .map(([name, entry]) => [name, entry.text()]),
    );
  }

  /** The same with each text in it replaced. */
  map(replace: (text: string, path: readonly PropertyKey[]) => string): Entry {
    const walk = (value: unknown, path: readonly PropertyKey[]): unknown => {
      if (typeof value === "string") return replace(value, path);
      if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
      );
    };
    return new Entry(this.file, this.path, walk(this.value, this.path));
  }

  message(text: string): string {
    const where = this.path.reduce<string>(joinPath, "");
    return `${this.file}: ${where === "" ? "" : `${where}: `}${text}`;
  }

  fail(text: string): never {
    throw new ConfigError(`${this.message(text)}.`);
  }

  private expect(what: string): never {
    const { value } = this;
    const kind = value === null ? "null" : Array.isArray(value) ? "a list" : KINDS[typeof value];
    return this.fail(`expected ${what}, got ${kind ?? "something else"}`);
  }

  private missing(key: string): Entry {
    return new Entry(this.file, [...this.path, key], undefined);
  }
}

export interface ObjectEntry {
  /** Not present where the key is none of the object's own. */
  get(key: string): Entry;
  entries(): [key: string, value: Entry][];
}

const KINDS: Readonly<Record<string, string>> = {
  undefined: "nothing",
  string: "text",
  number: "a number",
  boolean: "true or false",
  object: "an object",
};
