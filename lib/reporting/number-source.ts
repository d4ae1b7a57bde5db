/** A file that a number was computed from, as it was then. */
export interface SourceFile {
  /** Run folder, as it was named. */
  run: string;
  /** File in it. */
  file: string;
  sha256: string;
}

/** Per-query values of one column: a measure on an evaluation set at a probability of a typo per word. */
export interface MeasuredColumn {
  set: string;
  /** Key of the per-query values, e.g. "Recall@10". */
  measure: string;
  typo: number;
}

/** Where a shown number comes from. */
export interface NumberSource {
  files: readonly SourceFile[];
  /** What was measured, "Recall@10 on phrases, typos 0.5". */
  measure: string;
  /** How one number is made of it, one sentence. */
  rule: string;
}

/** What a whole table, or page, is made from, so that it can be made again. */
export interface MadeFrom {
  /** Name of the way it is made. */
  rule: string;
  files: readonly SourceFile[];
  options: object;
}

/** The source as lines to be read on hovering. */
export function sourceText({ files, measure, rule }: NumberSource): string {
  const lines = files.map(({ run, file, sha256 }) => `${run}/${file}, SHA-256 ${sha256.slice(0, 16)}…`);
  return [measure, rule, ...lines].filter((line) => line !== "").join("\n");
}

/** A column's measure in words. */
export function columnText({ set, measure, typo }: MeasuredColumn): string {
  return `${measure} on ${set}${typo === 0 ? "" : `, typos ${typo}`}`;
}
