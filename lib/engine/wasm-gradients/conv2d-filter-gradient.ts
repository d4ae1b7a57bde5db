import * as tf from "@tensorflow/tfjs";

interface FilterGradientAttributes {
  strides: [number, number] | number;
  pad: "valid" | "same" | number | number[][];
  dataFormat: "NHWC" | "NCHW";
  dimRoundingMode?: "floor" | "round" | "ceil";
  filterShape: [number, number, number, number];
}

/**
 * Gradient of a 2-d convolution with respect to its filter, composed of slices and one matrix product.
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
    throw new RangeError(`conv2dFilterGradient: dataFormat must be NHWC, got ${dataFormat}`);
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad as "same",
    dimRoundingMode,
  );
  const [rows, columns, channels, filters] = filterShape;
  const { top, bottom, left, right } = info.padInfo;
  const padded = tf.pad4d(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const [batch, height, width] = dy.shape;
  const shifted: tf.Tensor4D[] = [];
  for (let u = 0; u < rows; u++)
    for (let v = 0; v < columns; v++) {
      const end = [
        batch,
        u + (height - 1) * info.strideHeight + 1,
        v + (width - 1) * info.strideWidth + 1,
        channels,
      ];
      shifted.push(
        tf.stridedSlice(padded, [0, u, v, 0], end, [
          1,
          info.strideHeight,
          info.strideWidth,
          1,
        ]) as tf.Tensor4D,
      );
    }
  const positions = batch * height * width;
  const patches = tf.reshape(tf.concat(shifted, 3), [positions, rows * columns * channels]);
  const slopes = tf.reshape(dy, [positions, filters]);
  return tf.reshape(tf.matMul(patches, slopes, true, false), filterShape);
}
