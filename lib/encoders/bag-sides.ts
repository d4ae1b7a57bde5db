import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { Encoder } from "./encoder.js";
import type { Mlp } from "./mlp.js";
import { TowerEncoder } from "./tower-encoder.js";
import { tokenWeightsTable } from "./two-tower.js";

/** One side of an encoder that is a bag of token rows under linear layers and ReLUs, and nothing else. */
export interface BagSide {
  table: EmbeddingTable;
  /** a number per row; null where all rows count alike */
  weights: EmbeddingTable | null;
  /** without layers the bag is the embedding */
  tower: Mlp;
}

/** Kinds whose sides are bags of text; a category beside the text is none. */
const BAGS: Readonly<Record<string, { query: boolean; document: boolean }>> = {
  TwoTower: { query: true, document: true },
  SimpleTextEncoder: { query: true, document: true },
  RegularizedSimpleTextEncoder: { query: true, document: true },
  MultiModalTwoTower: { query: true, document: false },
};

/**
 * The sides of an encoder that are bags of text: what a page can carry, and whose scores divide into shares of tokens. null
 * for any other side.
 */
export function bagSides(encoder: Encoder): { query: BagSide | null; document: BagSide | null } {
  const are = Object.hasOwn(BAGS, encoder.kind) ? BAGS[encoder.kind] : undefined;
  if (!are || !(encoder instanceof TowerEncoder)) return { query: null, document: null };
  const weights = encoder.tables[tokenWeightsTable] ?? null;
  const side = (name: "query" | "document", tower: Mlp): BagSide => ({
    table: encoder.tables["text"] ?? encoder.tables[`${name}_text`]!,
    weights,
    tower,
  });
  const [first, second = first] = encoder.towers;
  return {
    query: are.query ? side("query", first!) : null,
    document: are.document ? side("document", second!) : null,
  };
}
