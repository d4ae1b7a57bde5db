export interface InvertedIndex {
  /** term → number, in order of first appearance */
  terms: Map<string, number>;
  /** [T + 1] postings of term t are offsets[t] … offsets[t + 1] */
  offsets: Uint32Array;
  /** documents that hold the term, ascending */
  postings: Int32Array;
  /** occurrences of the term in that document */
  frequencies: Int32Array;
  /** [N] tokens per document */
  lengths: Int32Array;
}

/** Turns documents as lists of tokens into lists of documents per token. */
export function invert(documents: Iterable<readonly string[]>): InvertedIndex {
  const terms = new Map<string, number>();
  const lengths: number[] = [];
  let stream = new Int32Array(1024);
  let total = 0;
  for (const tokens of documents) {
    lengths.push(tokens.length);
    if (total + tokens.length > stream.length) {
      const longer = new Int32Array(Math.max(2 * stream.length, total + tokens.length));
      longer.set(stream);
      stream = longer;
    }
    for (const token of tokens) {
      let term = terms.get(token);
      if (term === undefined) {
        term = terms.size;
        terms.set(token, term);
      }
      stream[total++] = term;
    }
  }
  const last = new Int32Array(terms.size).fill(-1);
  const offsets = new Uint32Array(terms.size + 1);
  eachToken((term, d) => {
    if (last[term] !== d) offsets[term + 1]!++;
    last[term] = d;
  });
  for (let t = 0; t < terms.size; t++) offsets[t + 1]! += offsets[t]!;
  const next = offsets.slice();
  const postings = new Int32Array(offsets[terms.size]!);
  const frequencies = new Int32Array(postings.length);
  last.fill(-1);
  eachToken((term, d) => {
    if (last[term] !== d) postings[next[term]!++] = d;
    frequencies[next[term]! - 1]!++;
    last[term] = d;
  });
  return { terms, offsets, postings, frequencies, lengths: Int32Array.from(lengths) };

  function eachToken(visit: (term: number, document: number) => void): void {
    let at = 0;
    lengths.forEach((length, d) => {
      for (const end = at + length; at < end; at++) visit(stream[at]!, d);
    });
  }
}
