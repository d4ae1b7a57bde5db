import { UserError } from "../../files/user-error.js";

/**
 * Geometry of detected regions as shares of the picture: top / h, left / w, bottom / h, right / w and the area
 * (right − left)(bottom − top) of those.
 *
 * @param boxes [n, 4]: top, left, bottom, right in pixels
 * @returns [n, 5]
 * @see specs/3-kdd-multimodal-recall.md section 5
 */
export function boxFeatures(boxes: ArrayLike<number>, height: number, width: number): Float64Array {
  if (!(height > 0 && width > 0))
    throw new UserError(`boxFeatures: height and width must be > 0, got ${height} and ${width}`);
  const count = boxes.length / 4;
  const out = new Float64Array(count * 5);
  for (let i = 0; i < count; i++) {
    const top = boxes[i * 4]! / height;
    const left = boxes[i * 4 + 1]! / width;
    const bottom = boxes[i * 4 + 2]! / height;
    const right = boxes[i * 4 + 3]! / width;
    out.set([top, left, bottom, right, (right - left) * (bottom - top)], i * 5);
  }
  return out;
}
