import { power } from "../engine/power.js";
import { UserError } from "../files/user-error.js";
import { GroupedOptimizer } from "./grouped-optimizer.js";
import type { Optimizer } from "./optimizer.js";

/** Rates of n layers, bottom to top: the top one keeps `rate`, each below has `decay` times that of the one above. */
export function layerRates(rate: number, decay: number, layers: number): number[] {
  checkDecay(decay);
  return Array.from({ length: layers }, (_, layer) => rate * power(decay, layers - 1 - layer));
}

/**
 * How deep a parameter lies, by the names that encoders give: tables are 0, `….k.weight` and `….k.bias` k + 1 (the last
 * number in the name counts), a weight without number 1.
 */
export function layerOf(name: string, kind: "weight" | "table"): number {
  if (kind === "table") return 0;
  const numbers = name.split(".").filter((part) => /^\d+$/.test(part));
  return numbers.length === 0 ? 1 : Number(numbers[numbers.length - 1]) + 1;
}

/**
 * An optimiser per layer whose rate falls by `decay` from each layer to the one below.
 *
 * @param make   makes the optimiser of one layer, at the common rate
 * @param names  all weights and tables of the model; others that come later belong to the top layer
 */
export function layerWiseOptimizer(
  make: () => Optimizer,
  decay: number,
  names: { weights: readonly string[]; tables: readonly string[] },
): GroupedOptimizer {
  checkDecay(decay);
  const layers = 1 + Math.max(0, ...names.weights.map((name) => layerOf(name, "weight")));
  const known = (name: string, kind: "weight" | "table") =>
    kind === "table" ? names.tables.includes(name) : names.weights.includes(name);
  const factors = layerRates(1, decay, layers);
  const group = (layer: number) => ({
    accepts: (name: string, kind: "weight" | "table") =>
      known(name, kind) ? layerOf(name, kind) === layer : layer === layers - 1 && !known(name, other(kind)),
    optimizer: make(),
    factor: factors[layer]!,
  });
  // the top layer first: its factor is 1, so the common rate is the one that `make` gives
  return new GroupedOptimizer(Array.from({ length: layers }, (_, i) => group(layers - 1 - i)));
}

function other(kind: "weight" | "table"): "weight" | "table" {
  return kind === "weight" ? "table" : "weight";
}

function checkDecay(decay: number): void {
  if (!(decay > 0 && decay <= 1)) throw new UserError(`layerRates: decay must be in (0, 1], got ${decay}`);
}
