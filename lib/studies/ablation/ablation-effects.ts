import { compareRuns, type MetricSelection } from "../../analysis/compare-runs.js";
import type { AblationPlan } from "../../experiment/ablation-rows.js";
import { UserError } from "../../files/user-error.js";
import { holm } from "../../metrics/holm.js";
import { contrastOverSeeds, type SeedValues } from "../../metrics/seeds-and-queries.js";
import type { TTest } from "../../metrics/t-test.js";
import type { RunFolder } from "../../tracking/run-folder.js";

/**
 * left_out: the whole minus the whole without the part. alone: the part alone minus none. average: the mean with the part
 * minus the mean without it, over a factorial design. interaction: what a part brings beside the other minus what it brings
 * without it.
 */
export type EffectKind = "left_out" | "alone" | "average" | "interaction";

/** A weighted sum of rows' means, Σ w = 0. */
interface Contrast {
  kind: EffectKind;
  /** Positions of the parts it is of: one, or two of an interaction. */
  parts: number[];
  /** [row position, weight] */
  weights: [number, number][];
}

/** What parts bring by one measure. */
export interface AblationEffect extends Contrast {
  tests: (TTest & { adjustedP: number })[];
}

/** The comparisons that an ablation's rows allow, part by part, then pairs. */
export function ablationContrasts({
  config,
  rows,
  pairs,
  factorial,
}: AblationPlan & {
  config: { parts: readonly unknown[]; left_out: boolean; alone: boolean; plain?: string | undefined };
}): Contrast[] {
  const count = config.parts.length;
  const all = Array.from({ length: count }, (_, i) => i);
  const upwards = config.plain !== undefined;
  const rowWith = (present: (part: number) => boolean, added = false): number =>
    rows.findIndex((row) => row.added === added && row.has.every((has, i) => has === present(i)));
  const contrasts: Contrast[] = [];
  const add = (kind: EffectKind, parts: number[], weights: [number, number][]) => {
    if (weights.every(([row]) => row >= 0)) contrasts.push({ kind, parts, weights });
  };
  const without = (...left: number[]) => rowWith((i) => !left.includes(i));
  const averaged = (parts: number[], size: number): [number, number][] =>
    factorial!.rows.map((row) => {
      const sign = parts.reduce((product, part) => product * (rows[row]!.has[part] ? 1 : -1), 1);
      return [row, (sign * size) / factorial!.rows.length];
    });
  for (const part of all) {
    if (config.left_out)
      add(
        "left_out",
        [part],
        [
          [without(), 1],
          [without(part), -1],
        ],
      );
    if (config.alone)
      add(
        "alone",
        [part],
        [
          [rowWith((i) => i === part, upwards), 1],
          [rowWith(() => false, upwards), -1],
        ],
      );
    if (factorial !== null) add("average", [part], averaged([part], 2));
  }
  for (const [a, b] of pairs)
    add(
      "interaction",
      [a, b],
      factorial !== null
        ? averaged([a, b], 4)
        : [
            [without(), 1],
            [without(a), -1],
            [without(b), -1],
            [without(a, b), 1],
          ],
    );
  return contrasts;
}

/**
 * Every comparison of an ablation by every measure: queries are paired, seeds are repetitions, p values corrected (Holm) over
 * the whole table.
 *
 * @param runs  finished runs of its sweep, whose systems are called as its rows
 * @throws UserError where runs of a row are missing, and for fewer than two queries
 */
export function ablationEffects(
  plan: AblationPlan & { config: Parameters<typeof ablationContrasts>[0]["config"] },
  runs: readonly RunFolder[],
  measures: readonly MetricSelection[],
): AblationEffect[] {
  const systems = new Map(compareRuns(runs, measures).map((system) => [system.system, system]));
  const missing = plan.rows.find(({ name }) => !systems.has(name));
  if (missing !== undefined)
    throw new UserError(`ablation: every row must have a finished run, got none of "${missing.name}"`);
  const valuesOf = (row: number, label: string): SeedValues =>
    systems.get(plan.rows[row]!.name)!.values[label]!;
  const queries = valuesOf(0, measures[0]!.label)[0]!.length;
  if (queries < 2) throw new UserError(`ablation: test queries must be at least 2, got ${queries}`);
  const effects = ablationContrasts(plan).map((contrast) => ({
    ...contrast,
    tests: measures.map(({ label }) =>
      contrastOverSeeds(contrast.weights.map(([row, weight]) => ({ values: valuesOf(row, label), weight }))),
    ),
  }));
  const adjusted = holm(effects.flatMap(({ tests }) => tests.map(({ p }) => p)));
  return effects.map((effect, i) => ({
    ...effect,
    tests: effect.tests.map((test, m) => ({ ...test, adjustedP: adjusted[i * measures.length + m]! })),
  }));
}
