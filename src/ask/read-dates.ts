/** A date or a time in a text. */
export interface DateMention {
  readonly text: string;
  readonly index: number;
  /** What it can be: `2024-7-15`, `2024-7`, `7-15` without a year, `2024-?-15` without a month, `10:30`, `10:30:5`. */
  readonly keys: readonly string[];
}

const MONTHS = [
  "January|Jan",
  "February|Feb",
  "March|Mar",
  "April|Apr",
  "May",
  "June|Jun",
  "July|Jul",
  "August|Aug",
  "September|Sept|Sep",
  "October|Oct",
  "November|Nov",
  "December|Dec",
];
const MONTH = `\\b(?<month>${MONTHS.join("|")})\\b\\.?`;
const DAY = "(?<day>\\d{1,2})(?:st|nd|rd|th)?";
const YEAR = "(?:,?\\s+(?:of\\s+)?(?<year>\\d{4}))";

/** Each form, and what its groups can mean. The first one that matches takes the text. */
const FORMS: readonly (readonly [RegExp, (groups: Record<string, string | undefined>) => string[]])[] = [
  [
    /(?<!\d)(?<year>\d{4})(?<sign>[-/.])(?<first>\d{1,2})\k<sign>(?<second>\d{1,2})(?!\d)/g,
    ({ year, first, second }) => dateKeys(year, first, second),
  ],
  [
    /(?<!\d)(?<first>\d{1,2})(?<sign>[-/.])(?<second>\d{1,2})\k<sign>(?<year>\d{4})(?!\d)/g,
    ({ year, first, second }) => [...dateKeys(year, first, second), ...dateKeys(year, second, first)],
  ],
  [
    /(?<!\d)(?<first>\d{1,2})\/(?<second>\d{1,2})\/(?<year>\d{2})(?!\d)/g,
    ({ year, first, second }) => [
      ...dateKeys(`20${year}`, first, second),
      ...dateKeys(`20${year}`, second, first),
    ],
  ],
  [
    /(?<!\d)(?<year>(?:19|20)\d{2})-(?<month>0[1-9]|1[0-2])(?![-\d])/g,
    ({ year, month }) => [`${year}-${Number(month)}`],
  ],
  [
    new RegExp(`${MONTH}\\s+${DAY}(?!\\d|[.,]\\d)${YEAR}?(?!\\d)`, "gi"),
    ({ year, month, day }) => dateKeys(year, monthNumber(month), day),
  ],
  [
    new RegExp(`(?<!\\d|\\d[.,])${DAY}\\.?\\s+(?:of\\s+)?${MONTH}${YEAR}?(?!\\d)`, "gi"),
    ({ year, month, day }) => dateKeys(year, monthNumber(month), day),
  ],
  [new RegExp(`${MONTH}${YEAR}(?!\\d)`, "gi"), ({ year, month }) => [`${year}-${monthNumber(month)}`]],
  [
    /(?<!\d)(?<hour>[01]?\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d)(?:\.\d+)?)?(?:\s?(?<half>[ap])\.?m\b\.?)?(?:Z|[+-]\d\d:?\d\d)?(?![\d:])/gi,
    timeKeys,
  ],
  [/(?<!\d|[.,:])(?<hour>1[0-2]|[1-9])\s?(?<half>[ap])\.?m\b\.?/gi, timeKeys],
];

/** Forms that are dates only where such a date is to be expected; otherwise they are numbers. */
const MAYBE: typeof FORMS = [
  [
    /(?<![\d/.,])(?<first>\d{1,2})\/(?<second>\d{1,2})(?![\d/])/g,
    ({ first, second }) => [...dateKeys(undefined, first, second), ...dateKeys(undefined, second, first)],
  ],
  // "15. Juli 2024", "15 de julio de 2024".
  [
    /(?<!\d|\d[.,])(?<day>\d{1,2})\.?\s(?:de\s)?\p{L}{3,}\.?\s(?:de\s)?(?<year>\d{4})(?!\d)/gu,
    ({ year, day }) => [`${year}-?-${Number(day)}`],
  ],
];

/** A further day of the month just named: "July 15 and 16", "July 15–17". */
const NEXT_DAY =
  /^(?:\s*(?:,|&|and\b|to\b|or\b|[–—-]))+\s*(?<day>\d{1,2})(?:st|nd|rd|th)?(?!\d|[.,:]\d|\s?[%$€£kKmM])/;

/** Finds the dates and times of a text; `rest` is the text with blanks in their place. */
export function readDates(
  text: string,
  isKnown: (key: string) => boolean,
): { dates: DateMention[]; rest: string } {
  const dates: DateMention[] = [];
  let rest = text;
  const take = (index: number, length: number, keys: string[]) => {
    dates.push({ text: text.slice(index, index + length), index, keys });
    rest = rest.slice(0, index) + " ".repeat(length) + rest.slice(index + length);
  };
  for (const [form, keysOf] of FORMS) {
    for (const { 0: match, index, groups = {} } of rest.matchAll(form)) {
      const keys = keysOf(groups);
      if (keys.length === 0) continue;
      const hasDay = groups.month !== undefined && groups.day !== undefined;
      const days = hasDay ? furtherDays(rest.slice(index + match.length), groups, isKnown) : 0;
      take(index, match.length + days, keys);
    }
  }
  for (const [form, keysOf] of MAYBE) {
    for (const { 0: match, index, groups = {} } of rest.matchAll(form)) {
      const keys = keysOf(groups).filter(isKnown);
      if (keys.length > 0) take(index, match.length, keys);
    }
  }
  return { dates, rest };
}

/** The length of what follows a date and names known days of the same month. */
function furtherDays(
  text: string,
  { month, year }: Record<string, string | undefined>,
  isKnown: (key: string) => boolean,
): number {
  let length = 0;
  for (;;) {
    const next = NEXT_DAY.exec(text.slice(length, length + 20));
    if (!next || !dateKeys(year, monthNumber(month), next.groups?.day).some(isKnown)) return length;
    length += next[0].length;
  }
}

/** Every way in which a date or a time of the data may be written down in part: without its year, on a clock of 12 hours. */
export function partialKeys(key: string): string[] {
  if (key.includes(":")) {
    const [hour, minute] = key.split(":");
    return [key, `${hour}:${minute}`, `${Number(hour) % 12 || 12}:${minute}`];
  }
  const [year = "", month = "", day] = key.split("-");
  if (day === undefined || key.includes("?")) return [key];
  return [key, `${month}-${day}`, `${year}-${month}`, `${year}-?-${day}`];
}

/** The year of a date, where it has one. */
export function yearOf(key: string): number | undefined {
  const [, year] = /^(\d{4})-/.exec(key) ?? [];
  return year === undefined ? undefined : Number(year);
}

function dateKeys(year: string | undefined, month: string | undefined, day: string | undefined): string[] {
  const [m, d] = [Number(month), Number(day)];
  if (!(m >= 1 && m <= 12 && d >= 1 && d <= 31)) return [];
  return [year === undefined ? `${m}-${d}` : `${year}-${m}-${d}`];
}

function monthNumber(name = ""): string {
  const isNamed = (names: string) => names.toLowerCase().split("|").includes(name.toLowerCase());
  return String(MONTHS.findIndex(isNamed) + 1);
}

function timeKeys({ hour, minute = "0", second, half }: Record<string, string | undefined>): string[] {
  const isAfternoon = half?.toLowerCase() === "p";
  const h = half === undefined ? Number(hour) : (Number(hour) % 12) + (isAfternoon ? 12 : 0);
  const short = `${h}:${Number(minute)}`;
  return second === undefined
    ? [short]
    : [`${short}:${Number(second)}`, ...(Number(second) === 0 ? [short] : [])];
}
