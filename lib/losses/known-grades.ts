/** The grade of every document that a training pair names for a query, looked up for the cells of a batch. */
export class KnownGrades {
  private readonly byQuery = new Map<number, Map<number, number>>();

  /** @param grades [pairs]; of a pair that occurs twice the last counts */
  constructor(
    pairs: { queryOf: ArrayLike<number>; documentOf: ArrayLike<number> },
    grades: ArrayLike<number>,
  ) {
    for (let pair = 0; pair < grades.length; pair++) {
      const query = pairs.queryOf[pair]!;
      const known = this.byQuery.get(query) ?? new Map<number, number>();
      known.set(pairs.documentOf[pair]!, grades[pair]!);
      this.byQuery.set(query, known);
    }
  }

  /** [B, C] row by row: the grade of each document for each query, 0 where no pair says. */
  of(queryIds: ArrayLike<number>, documentIds: ArrayLike<number>): Float32Array {
    const columns = documentIds.length;
    const out = new Float32Array(queryIds.length * columns);
    for (let i = 0; i < queryIds.length; i++) {
      const known = this.byQuery.get(queryIds[i]!);
      if (!known) continue;
      for (let j = 0; j < columns; j++) out[i * columns + j] = known.get(documentIds[j]!) ?? 0;
    }
    return out;
  }
}
