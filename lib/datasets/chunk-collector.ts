import type { TextColumns } from "./parquet.js";

/** Gathers rows into columns, `chunkRows` at a time. */
export class ChunkCollector {
  private columns: string[][] = [];
  private rows = 0;

  constructor(private readonly chunkRows: number) {}

  /** @returns a chunk when it is full, else null */
  add(names: readonly string[], cells: readonly string[]): TextColumns | null {
    if (this.rows === 0) this.columns = names.map(() => []);
    for (let i = 0; i < cells.length; i++) this.columns[i]!.push(cells[i]!);
    return ++this.rows === this.chunkRows ? this.rest(names) : null;
  }

  /** What was gathered since the last chunk, perhaps no rows. */
  rest(names: readonly string[]): TextColumns {
    const chunk = Object.fromEntries(names.map((name, i) => [name, this.rows === 0 ? [] : this.columns[i]!]));
    this.rows = 0;
    return chunk;
  }
}
