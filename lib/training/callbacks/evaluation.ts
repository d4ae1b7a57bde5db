import type { Encoder } from "../../encoders/encoder.js";
import { type EvaluatorOptions, evaluateRetrieval } from "../../evaluation/evaluate-retrieval.js";
import { UserError } from "../../files/user-error.js";
import type { Callback } from "./callback.js";

/** (after − before) / before. */
export function relativeChange(before: number, after: number): number {
  return (after - before) / before;
}

/** One row of the table of quality before and after. */
export interface ChangeRow {
  measure: string;
  before: number;
  after: number;
  /** relative, e.g. 0.158 */
  change: number;
}

/** Towers of the model trained, by the fine-tuner's names for those of CLIP: in pairs, texts are queries and pictures documents. */
const towers = { "clip-text": "query", "clip-vision": "document" } as const;

export type EvaluationModel = Encoder | keyof typeof towers;

export interface EvaluationCallbackOptions extends Partial<EvaluatorOptions> {
  /** embeds queries (default: the model trained); a name: that tower of it */
  model?: EvaluationModel;
  /** embeds the index, likewise */
  indexModel?: EvaluationModel;
  prefix?: string;
}

/**
 * Measures retrieval before the first step and after every epoch, and writes the means into the state's metrics as
 * `<prefix><measure>`. Must stand before callbacks that read them. `changes()` compares the last with the first.
 * Without `queryData` it searches what the fit holds out.
 *
 * @throws UserError for a name of no tower, or a side beside one; from fit, where there is nothing to search, or the data held
 *   out are not of the tower named
 */
export function evaluationCallback(
  options: EvaluationCallbackOptions = {},
): Callback & { changes(): ChangeRow[] } {
  const { prefix = "", model, indexModel, ...given } = options;
  const query = towerOf("model", model, given.querySide);
  const index = towerOf("indexModel", indexModel, given.indexSide);
  const sides = { ...(query && { querySide: query }), ...(index && { indexSide: index }) };
  let held: EvaluatorOptions | null = null;
  let before: Record<string, number> | null = null;
  let after: Record<string, number> = {};
  const measure = (encoder: Encoder) => {
    const { queryData } = { ...held, ...given };
    if (!queryData)
      throw new UserError(
        "evaluation: queryData must be given, or data held out that can be ranked, got neither",
      );
    const chosen = (one: EvaluationModel | undefined) => (typeof one === "object" ? one : encoder);
    const data = { ...held, ...given, ...sides, queryData };
    return evaluateRetrieval(data, chosen(model), chosen(indexModel)).means as Record<string, number>;
  };
  return {
    name: `evaluation${prefix}`,
    heldOut(set) {
      if (given.queryData) return;
      if (set === null)
        throw new UserError(
          "evaluation: queryData must be given, or evalData or valSplit of data that can be ranked, got neither",
        );
      held = set;
      for (const [what, side, own] of [
        ["model", query, set.querySide ?? "query"],
        ["indexModel", index, set.indexSide ?? "document"],
      ] as const)
        if (side && side !== own)
          throw new UserError(
            `evaluation: ${what} must be the tower of the ${own === "query" ? "queries" : "documents"} held out (${nameOf(own)}), got ${nameOf(side)}`,
          );
    },
    on: {
      fit_begin(state) {
        before ??= measure(state.encoder);
      },
      epoch_end(state) {
        after = measure(state.encoder);
        for (const [name, value] of Object.entries(after)) state.metrics[prefix + name] = value;
      },
    },
    changes: () =>
      Object.entries(after).map(([name, value]) => ({
        measure: name,
        before: before![name]!,
        after: value,
        change: relativeChange(before![name]!, value),
      })),
    state: () => before,
    restore(saved) {
      before = saved as Record<string, number> | null;
    },
  };
}

function towerOf(
  what: string,
  model: EvaluationModel | undefined,
  side: string | undefined,
): "query" | "document" | null {
  if (typeof model !== "string") return null;
  const tower = Object.hasOwn(towers, model) ? towers[model] : undefined;
  if (tower === undefined)
    throw new UserError(
      `evaluation: ${what} must be an encoder, ${Object.keys(towers).join(" or ")}, got "${model}"`,
    );
  if (side !== undefined)
    throw new UserError(`evaluation: ${what} must be an encoder where its side is given, got ${model}`);
  return tower;
}

function nameOf(side: "query" | "document"): string {
  return side === "query" ? "clip-text" : "clip-vision";
}
