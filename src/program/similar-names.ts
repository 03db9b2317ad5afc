/** Names that are given; the rest is not like it enough to be meant. */
const MOST = 3;
const LEAST_ALIKE = 0.5;

/** The names that are most like one that does not exist, by the pairs of letters that they share; none that are far. */
export function similarNames(name: string, names: readonly string[]): readonly string[] {
  const pairs = pairsOf(name);
  return names
    .map((other) => ({ other, alike: likeness(pairs, pairsOf(other)) }))
    .filter(({ alike }) => alike >= LEAST_ALIKE)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, MOST)
    .map(({ other }) => other);
}

function pairsOf(name: string): ReadonlySet<string> {
  const text = ` ${name.toLowerCase()} `;
  return new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)));
}

/** Sørensen's and Dice's coefficient, from 0 to 1. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared += 1;
  return (2 * shared) / (a.size + b.size);
}
