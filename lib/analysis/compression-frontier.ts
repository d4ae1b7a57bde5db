import type { CompressionPoint } from "../evaluation/compression.js";
import { bootstrapInterval, type Interval, shownResampling } from "../metrics/bootstrap.js";
import { perQueryMeans } from "../metrics/seeds-and-queries.js";
import { intervalCurve } from "../reporting/figures/interval-curve.js";
import type { Figure } from "../reporting/figures/theme.js";
import { plainTable, type Table } from "../reporting/table.js";

/** A setting of a system, over its seeds. */
export interface FrontierRow {
  system: string;
  setting: string;
  seeds: number;
  modelBytes: number;
  indexBytes: number;
  searchMs: number;
  clean: Interval;
  misspelled: Interval;
  /** nothing else is as small, and as good on the mean of clean and misspelled queries */
  onFrontier: boolean;
}

/** Joins the seeds of each system and setting, smallest first, and marks what nothing beats in size and quality at once. */
export function compressionFrontier(points: readonly CompressionPoint[]): FrontierRow[] {
  const groups = new Map<string, CompressionPoint[]>();
  for (const point of points) {
    const key = JSON.stringify([point.system, describeSetting(point)]);
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  const rows = [...groups.values()].map((group): FrontierRow => {
    const [first] = group;
    const interval = (of: "clean" | "misspelled") =>
      bootstrapInterval(perQueryMeans(group.map((point) => point[of])), shownResampling);
    const times = group.map(({ searchMs }) => searchMs).sort((a, b) => a - b);
    return {
      system: first!.system,
      setting: describeSetting(first!),
      seeds: group.length,
      modelBytes: first!.modelBytes,
      indexBytes: first!.indexBytes,
      searchMs: times[times.length >> 1]!,
      clean: interval("clean"),
      misspelled: interval("misspelled"),
      onFrontier: false,
    };
  });
  rows.sort((a, b) => bytes(a) - bytes(b) || quality(b) - quality(a));
  let best = -Infinity;
  for (const row of rows) {
    row.onFrontier = quality(row) > best;
    best = Math.max(best, quality(row));
  }
  return rows;
}

/** Size, latency and quality, smallest first. */
export function compressionTable(
  rows: readonly FrontierRow[],
  options: { measure?: string; typos?: number; title?: string } = {},
): Table {
  const { measure = "Recall@10", typos = 0.75, title = "Compression" } = options;
  const seeds = Math.max(1, ...rows.map((row) => row.seeds));
  return plainTable(
    [
      "model",
      "stored as",
      "model MB",
      "vectors MB",
      "search ms",
      measure,
      `${measure}, typos ${typos}`,
      "frontier",
    ],
    rows.map((row) => [
      row.system,
      row.setting,
      (row.modelBytes / 1e6).toFixed(3),
      (row.indexBytes / 1e6).toFixed(3),
      row.searchMs.toPrecision(2),
      shown(row.clean),
      shown(row.misspelled),
      row.onFrontier ? "●" : "",
    ]),
    {
      title,
      notes: [
        `Means over queries and ${seeds === 1 ? "one seed" : `${seeds} seeds`}; brackets: 95 % bootstrap intervals over queries. Search: median of one query among embedded documents on this machine.`,
        "● nothing as small is as good on the mean of both columns.",
      ],
    },
  );
}

/** Quality of the frontier against the size of model and vectors together, clean and misspelled. */
export function compressionFigure(
  rows: readonly FrontierRow[],
  options: { measure?: string; typos?: number } = {},
): Figure {
  const { measure = "Recall@10", typos = 0.75 } = options;
  const line = (name: string, some: readonly FrontierRow[], of: "clean" | "misspelled") => ({
    name,
    points: some.map((row) => ({ x: bytes(row) / 1e6, ...row[of] })),
  });
  const frontier = rows.filter(({ onFrontier }) => onFrontier);
  return intervalCurve(
    [
      line(`${measure}, frontier`, frontier, "clean"),
      line(`${measure}, typos ${typos}, frontier`, frontier, "misspelled"),
    ],
    { xTitle: "MB of model and vectors", yTitle: measure, logarithmic: true },
  );
}

/** "rows int8, vectors int4 of 32, int8 again". */
export function describeSetting({ rows, vectors, width, rescore }: CompressionPoint): string {
  const cut = width === null ? "" : ` of ${width}`;
  const again = rescore === null ? "" : `, ${rescore.storage} again`;
  return `rows ${rows}, vectors ${vectors}${cut}${again}`;
}

function bytes({ modelBytes, indexBytes }: FrontierRow): number {
  return modelBytes + indexBytes;
}

function quality({ clean, misspelled }: FrontierRow): number {
  return (clean.mean + misspelled.mean) / 2;
}

function shown({ mean, low, high }: Interval): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
