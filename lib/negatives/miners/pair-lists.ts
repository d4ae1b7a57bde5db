/** All ordered pairs of items, row-major: those of one label, and those of two. */
export function pairsByLabel(labels: Int32Array): {
  positive: [number, number][];
  negative: [number, number][];
} {
  const positive: [number, number][] = [];
  const negative: [number, number][] = [];
  for (let i = 0; i < labels.length; i++)
    for (let j = 0; j < labels.length; j++)
      if (i !== j) (labels[i] === labels[j] ? positive : negative).push([i, j]);
  return { positive, negative };
}

/** Similar pairs, then dissimilar ones, as miners pack them. */
export function markedPairs(
  positive: readonly (readonly [number, number])[],
  negative: readonly (readonly [number, number])[],
): [number, number, number][] {
  return [
    ...positive.map(([i, j]): [number, number, number] => [i, j, 1]),
    ...negative.map(([i, j]): [number, number, number] => [i, j, 0]),
  ];
}
