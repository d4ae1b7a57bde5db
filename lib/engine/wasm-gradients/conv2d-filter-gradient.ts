import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";

interface FilterGradientAttributes {
  strides: [number, number] | number;
  pad: "valid" | "same" | number | number[][];
  dataFormat: "NHWC" | "NCHW";
  dimRoundingMode?: "floor" | "round" | "ceil";
  filterShape: [number, number, number, number];
}

/**
 * Gradient of a 2-d convolution with respect to its filter, composed of patches laid out as rows and one matrix product.
 * dW[u, v, c, k] = Σ over b, i, j of x[b, i·s + u, j·s + v, c] · dy[b, i, j, k], x padded as in the forward pass
 *
 * Only the NHWC layout and dilation 1, as tfjs' own gradient of conv2d asks for.
 *
 * @param x  [B, H, W, C]
 * @param dy [B, I, J, K], gradient of the convolution's result
 * @returns [U, V, C, K]
 * @throws RangeError for the NCHW layout
 */
export function conv2dFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  attributes: FilterGradientAttributes,
): tf.Tensor4D {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attributes;
  if (dataFormat !== "NHWC")
    throw new UserError(`conv2dFilterGradient: dataFormat must be NHWC, got ${dataFormat}`);
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad as "same",
    dimRoundingMode,
  );
  const [rows, columns, channels, filters] = filterShape;
  const [batch, height, width] = dy.shape;
  const positions = batch * height * width;
  const patches = tf.tensor2d(patchesOf(x, info), [positions, rows * columns * channels]);
  const slopes = tf.reshape(dy, [positions, filters]);
  return tf.reshape(tf.matMul(patches, slopes, true, false), filterShape);
}

/** What the filter sees at each position, [B · I · J, U · V · C]; zero outside the picture. */
function patchesOf(x: tf.Tensor4D, info: ReturnType<typeof tf.backend_util.computeConv2DInfo>): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels: channels, filterHeight, filterWidth } = info;
  const values = x.dataSync() as Float32Array;
  const out = new Float32Array(
    batchSize * info.outHeight * info.outWidth * filterHeight * filterWidth * channels,
  );
  let to = 0;
  for (let b = 0; b < batchSize; b++)
    for (let i = 0; i < info.outHeight; i++)
      for (let j = 0; j < info.outWidth; j++)
        for (let u = 0; u < filterHeight; u++) {
          const y = i * info.strideHeight + u - info.padInfo.top;
          const left = j * info.strideWidth - info.padInfo.left;
          const first = Math.max(0, -left);
          const last = Math.min(filterWidth, inWidth - left);
          if (y >= 0 && y < inHeight && last > first) {
            const from = ((b * inHeight + y) * inWidth + left + first) * channels;
            const count = (last - first) * channels;
            const at = to + first * channels;
            // neighbouring columns lie side by side; short runs copy faster one by one
            if (count > 64) out.set(values.subarray(from, from + count), at);
            else for (let k = 0; k < count; k++) out[at + k] = values[from + k]!;
          }
          to += filterWidth * channels;
        }
  return out;
}
