import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { AblationConfig } from "./ablation-schema.js";
import { type FactorialDesign, factorialDesign } from "./fractional-design.js";
import type { SweepConfig } from "./sweep-schema.js";

/** A trained combination of parts. */
export interface AblationRow {
  name: string;
  /** [parts] whether it has each. */
  has: readonly boolean[];
  /** Whether it is `plain` with parts added, rather than the whole with parts left out. */
  added: boolean;
}

/** The rows of an ablation, and the sweep that trains them. */
export interface AblationPlan {
  sweep: SweepConfig;
  rows: AblationRow[];
  /** Pairs of parts whose interaction is asked for, by position. */
  pairs: [number, number][];
  /** Where effects are averaged over a factorial design: which of `rows` each of its rows is. */
  factorial: { design: FactorialDesign; rows: number[] } | null;
}

/**
 * The rows that an ablation asks for, each combination once: the whole, each part left out, none, each part alone, both parts
 * of each pair left out, and those of the factorial design.
 *
 * @throws UserError for names of rows that clash, a design that does not fit, and a combination without parts where there is none
 */
export function ablationPlan(config: AblationConfig): AblationPlan {
  const { parts } = config;
  const count = parts.length;
  const all = Array.from({ length: count }, () => true);
  const rows: AblationRow[] = [];
  const add = (has: boolean[], added = false): number => {
    if (config.none === null && !has.includes(true)) return -1;
    const known = rows.findIndex((row) => row.added === added && row.has.every((one, i) => one === has[i]));
    if (known >= 0) return known;
    rows.push({ name: nameOf(config, has, added), has, added });
    return rows.length - 1;
  };
  const without = (...left: number[]) => all.map((_, i) => !left.includes(i));
  const upwards = config.plain !== undefined;
  add(all);
  if (config.left_out) all.forEach((_, i) => void add(without(i)));
  const alone = (part: number | null) => all.map((_, i) => i === part);
  if (config.alone) {
    add(alone(null), upwards);
    for (let i = 0; i < count; i++) add(alone(i), upwards);
  }
  const pairs = askedPairs(config);
  const design = config.design ?? (config.interactions === "all" ? "factorial" : "one_by_one");
  let factorial: AblationPlan["factorial"] = null;
  if (design === "factorial") {
    if (config.none === null)
      throw new UserError(
        "design: must be one_by_one where none is null, which leaves a row out, got factorial",
      );
    const found = factorialDesign(count, config.most_rows);
    factorial = { design: found, rows: found.rows.map((has) => add(has)) };
  } else
    for (const [a, b] of pairs) {
      add(without(a));
      add(without(b));
      if (add(without(a, b)) < 0)
        throw new UserError(
          `interactions: must leave a part where none is null, got ${parts[a]!.name} and ${parts[b]!.name}, which are all`,
        );
    }
  return { sweep: sweepOf(config, rows), rows, pairs, factorial };
}

function askedPairs({ parts, interactions }: AblationConfig): [number, number][] {
  const at = (name: string) => parts.findIndex((part) => part.name === name);
  if (interactions !== "all") return interactions.map((pair) => [at(pair[0]!), at(pair[1]!)]);
  return parts.flatMap((_, i) => parts.slice(i + 1).map((_, j): [number, number] => [i, i + 1 + j]));
}

function nameOf(config: AblationConfig, has: readonly boolean[], added: boolean): string {
  const { parts, names, whole, none } = config;
  const present = parts.filter((_, i) => has[i]);
  const absent = parts.filter((_, i) => !has[i]);
  if (present.length === 0) return none!;
  if (names === "by_content") {
    const text = present.map(({ name }) => name).join(" + ");
    return text[0]!.toUpperCase() + text.slice(1);
  }
  if (absent.length === 0) return whole;
  if (absent.length === 1 && !added) return absent[0]!.left_out ?? `without ${absent[0]!.name}`;
  if (present.length === 1) return present[0]!.alone ?? `${present[0]!.name} alone`;
  return `without ${absent.map(({ name }) => name).join(", ")}`;
}

function sweepOf(config: AblationConfig, rows: readonly AblationRow[]): SweepConfig {
  const { task_id, title, base, plain, set, seeds } = config;
  return {
    ...{ task_id, title, base, set, seeds, labels: {} },
    baseline: rows[0]!.name,
    rows: rows.map(({ name, has, added }) => ({
      name,
      set: added ? withParts(config, has) : withoutParts(config, has),
      ...(added && { base: plain! }),
    })),
  };
}

function withParts({ parts }: AblationConfig, has: readonly boolean[]): Record<string, unknown> {
  return Object.assign({}, ...parts.map((part, i) => (has[i] ? part.with : {})));
}

function withoutParts({ parts }: AblationConfig, has: readonly boolean[]): Record<string, unknown> {
  const changed: Record<string, unknown> = Object.assign(
    {},
    ...parts.map((part, i) => (has[i] ? {} : part.without)),
  );
  const lists = new Set(parts.flatMap(({ items }) => Object.keys(items ?? {})));
  for (const key of lists)
    changed[key] = parts.flatMap(({ items }, i) =>
      has[i] && items !== undefined ? (ownEntry(items, key) ?? []) : [],
    );
  return changed;
}
