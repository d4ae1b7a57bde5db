/** Measures of the thesis' tables, in the order of their columns. */
export const THESIS_METRICS = [
  "Recall@10",
  "Recall@50",
  "Recall@100",
  "MRR@10",
  "MRR@50",
  "MRR@100",
] as const;

/** A table as published. Row names are those of the sweeps in configs/sweeps, so that rows meet ours by name. */
export interface PublishedTable {
  /** As numbered in the thesis. */
  number: string;
  title: string;
  rows: readonly { name: string; values: readonly number[] }[];
}

/**
 * The tables of the thesis that report numbers: 30,000 queries over 1,100,000 products of an online shop, 32 million
 * training pairs, measures as in {@link THESIS_METRICS}. They carry no uncertainty and come from one run each.
 *
 * @see specs: 0-qdrl section 13
 */
export const thesisTables = {
  margin: {
    number: "4.1",
    title: "Triplet loss: margin m",
    rows: [
      { name: "m 1", values: [0.0057, 0.0178, 0.027, 0.0021, 0.0027, 0.0028] },
      { name: "m 0.5", values: [0.267, 0.4906, 0.5894, 0.1233, 0.1339, 0.1353] },
      { name: "m 0.3", values: [0.28, 0.5097, 0.6115, 0.1308, 0.1417, 0.1431] },
      { name: "m 0.1", values: [0.2406, 0.4719, 0.5721, 0.1065, 0.1176, 0.119] },
      { name: "m 0.05", values: [0.2284, 0.4593, 0.5637, 0.0996, 0.1106, 0.1121] },
    ],
  },
  temperature: {
    number: "4.2 and 4.3",
    title: "Softmax loss: temperature τ",
    rows: [
      { name: "τ 1", values: [0.1119, 0.2579, 0.3402, 0.048, 0.0548, 0.056] },
      { name: "τ 0.5", values: [0.1818, 0.3629, 0.4622, 0.0816, 0.0902, 0.0916] },
      { name: "τ 0.2", values: [0.3731, 0.5833, 0.6682, 0.1986, 0.2088, 0.21] },
      { name: "τ 0.1", values: [0.4018, 0.623, 0.7081, 0.2087, 0.2194, 0.2206] },
      { name: "τ 0.05", values: [0.3625, 0.6026, 0.6947, 0.1805, 0.1921, 0.1934] },
    ],
  },
  loss: {
    number: "4.4",
    title: "Softmax against triplet, each at its best",
    rows: [
      { name: "triplet at its best", values: [0.28, 0.5097, 0.6115, 0.1308, 0.1417, 0.1431] },
      { name: "softmax at its best", values: [0.4018, 0.623, 0.7081, 0.2087, 0.2194, 0.2206] },
    ],
  },
  modality: {
    number: "4.5",
    title: "Modality of the document",
    rows: [
      { name: "text only", values: [0.4042, 0.6315, 0.713, 0.2101, 0.2211, 0.2222] },
      { name: "text + category", values: [0.4229, 0.6454, 0.728, 0.2234, 0.2342, 0.2354] },
    ],
  },
  depth: {
    number: "4.6",
    title: "Depth and width of the towers",
    rows: [
      { name: "128-64", values: [0.406, 0.632, 0.716, 0.2127, 0.2236, 0.2248] },
      { name: "256-128", values: [0.4183, 0.646, 0.7277, 0.2194, 0.231, 0.232] },
      { name: "256-128-64", values: [0.3862, 0.6214, 0.7035, 0.1932, 0.2046, 0.2058] },
      { name: "512-256", values: [0.4227, 0.6544, 0.7373, 0.219, 0.2304, 0.2316] },
      { name: "512-256-128", values: [0.4127, 0.6473, 0.7296, 0.2099, 0.2212, 0.2224] },
    ],
  },
  bm25: {
    number: "4.9",
    title: "Against BM25",
    rows: [
      { name: "BM25", values: [0.322, 0.4646, 0.5241, 0.1948, 0.2018, 0.2026] },
      { name: "text + category", values: [0.4229, 0.6454, 0.728, 0.2234, 0.2342, 0.2354] },
    ],
  },
} as const satisfies Record<string, PublishedTable>;

/** What the thesis says where it prints no numbers. */
export const thesisStatements = {
  typos:
    "Figure 4.2: recall falls as typos become more likely. With character trigrams, Recall@10 is 1 point lower without " +
    "typos and 1 point higher at probability 0.75; Recall@100 is equal without and 4 points higher at 0.75. The thesis " +
    "judges the gain too small for the added complexity.",
  width: "Training 256-128 is 35 % faster than 512-256.",
  semantic: [
    ["aerobars", "triathlon bike cockpit"],
    ["photovoltaic panel", "solar panel"],
    ["vr goggles", "vr glasses"],
    ["wireless speaker", "portable speaker"],
    ["cardigan", "loose sweater"],
  ],
  redundant: [
    ["iphone xr abc", "iphone xr 128 GB"],
    ["tourist backpack zzzzz", "tourist backpack 40 l"],
  ],
  misspelled: '"wadrobe" returns physics books; a misspelled "bottle" returns car parts.',
} as const;
