import * as tf from "@tensorflow/tfjs";
import type { RegionFolder } from "../../datasets/images/region-files.js";
import type { RegionInput } from "../../encoders/regions/region-encoder.js";
import { graphLength } from "../../engine/jit/graph-length.js";

/**
 * The regions of products, padded to the longest of them, at most `maxRegions` each. A product without a file has no
 * region: its softmax is uniform over padding of zeros.
 */
export function regionBatch(
  folder: RegionFolder,
  products: readonly string[],
  maxRegions: number,
): RegionInput {
  const found = products.map((product) => folder.get(product));
  const counts = found.map((regions) => Math.min(maxRegions, (regions?.boxes.length ?? 0) / 5));
  const length = graphLength(Math.max(1, ...counts), maxRegions, 4);
  const { dim } = folder;
  const features = new Float32Array(products.length * length * dim);
  const boxes = new Float32Array(products.length * length * 5);
  found.forEach((regions, row) => {
    if (regions === undefined) return;
    features.set(regions.features.subarray(0, counts[row]! * dim), row * length * dim);
    boxes.set(regions.boxes.subarray(0, counts[row]! * 5), row * length * 5);
  });
  return {
    features: tf.tensor3d(features, [products.length, length, dim]),
    boxes: tf.tensor3d(boxes, [products.length, length, 5]),
    counts,
  };
}
