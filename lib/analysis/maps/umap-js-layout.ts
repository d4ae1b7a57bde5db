import { UMAP } from "umap-js";
import type { LayoutOptions } from "./layout.js";
import type { NearestPoints } from "./nearest-points.js";

/**
 * The library umap-js' own graph and layout, over neighbours found already: slower than `layOut` (it starts anywhere and
 * computes in doubles, a point at a time) and written by others, so a map that matters can be held against it.
 *
 * @returns [n, 2]
 * @see McInnes, Healy & Melville 2018, arXiv:1802.03426
 */
export function umapJsLayout(nearest: NearestPoints, options: LayoutOptions): Float32Array {
  const { epochs, minDist, random, onProgress } = options;
  const { ids, distances, width } = nearest;
  const n = ids.length / width;
  const umap = new UMAP({
    nNeighbors: width + 1,
    minDist,
    nEpochs: epochs,
    random: () => random.next(),
  });
  // the library counts a point among its own neighbours
  const rows = <T extends Int32Array | Float32Array>(all: T, own: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => [own(i), ...all.subarray(i * width, (i + 1) * width)]);
  umap.setPrecomputedKNN(
    rows(ids, (i) => i),
    rows(distances, () => 0),
  );
  umap.initializeFit(Array.from({ length: n }, () => [0]));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step();
    onProgress?.(epoch, epochs);
  }
  return Float32Array.from(umap.getEmbedding().flat());
}
