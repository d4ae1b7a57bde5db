import * as tf from "@tensorflow/tfjs";
import type { Trace, Value } from "../trace.js";
import { TraceError } from "../trace-error.js";
import type { Lowering, Lowerings } from "./lowering.js";

type Shape4 = [number, number, number, number];
type ConvolutionInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: "valid" | "same" | number;
  dataFormat?: "NHWC" | "NCHW";
  dilations?: [number, number] | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  filterShape?: Shape4;
  inputShape?: Shape4;
}

const channelsFirst = [0, 3, 1, 2];
const channelsLast = [0, 2, 3, 1];

function infoOf(
  input: readonly number[],
  filter: readonly number[],
  a: ConvolutionAttributes,
): ConvolutionInfo {
  if (a.dataFormat === "NCHW") throw new TraceError("Conv2D of channels before positions (NCHW)");
  return tf.backend_util.computeConv2DInfo(
    input as Shape4,
    filter as Shape4,
    a.strides,
    a.dilations ?? 1,
    a.pad as "same",
    a.dimRoundingMode,
  );
}

const turn = (trace: Trace, name: string, perm: number[]) => trace.emit.node("Transpose", [name], { perm });

const padsOf = ({ padInfo }: { padInfo: ConvolutionInfo["padInfo"] }) => [
  padInfo.top,
  padInfo.left,
  padInfo.bottom,
  padInfo.right,
];

const conv2d: Lowering = (trace, { x, filter }, a: ConvolutionAttributes) => {
  const info = infoOf(x!.shape, filter!.shape, a);
  const name = trace.emit.node(
    "Conv",
    [turn(trace, trace.full(x!), channelsFirst), turn(trace, trace.full(filter!), [3, 2, 0, 1])],
    {
      kernel_shape: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      pads: padsOf(info),
    },
  );
  return trace.value(turn(trace, name, channelsLast), info.outShape, "float32");
};

/** dx of a convolution: the transposed convolution, whose far edge is whatever the input's size asks for. */
const inputGradient: Lowering = (trace, { dy, filter }, a: ConvolutionAttributes) => {
  const info = infoOf(a.inputShape!, filter!.shape, a);
  const far = (out: number, stride: number, kernel: number, dilation: number, near: number, size: number) =>
    (out - 1) * stride + (kernel - 1) * dilation + 1 - near - size;
  const { padInfo } = info;
  const bottom = far(
    info.outHeight,
    info.strideHeight,
    info.filterHeight,
    info.dilationHeight,
    padInfo.top,
    info.inHeight,
  );
  const right = far(
    info.outWidth,
    info.strideWidth,
    info.filterWidth,
    info.dilationWidth,
    padInfo.left,
    info.inWidth,
  );
  const name = trace.emit.node(
    "ConvTranspose",
    [turn(trace, trace.full(dy!), channelsFirst), turn(trace, trace.full(filter!), [3, 2, 0, 1])],
    {
      kernel_shape: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      pads: [padInfo.top, padInfo.left, Math.max(0, bottom), Math.max(0, right)],
      output_padding: [Math.max(0, -bottom), Math.max(0, -right)],
    },
  );
  return trace.value(turn(trace, name, channelsLast), info.inShape, "float32");
};

/** What the filter sees at each position, [B · I · J, U · V · C], out of slices of the padded input. */
function patches(trace: Trace, x: Value, info: ConvolutionInfo): string {
  const { emit } = trace;
  const { padInfo: p } = info;
  const whole = trace.full(x);
  const padded =
    p.top + p.bottom + p.left + p.right === 0
      ? whole
      : emit.node("Pad", [whole, emit.integers([0, p.top, p.left, 0, 0, p.bottom, p.right, 0])]);
  const seen: string[] = [];
  for (let u = 0; u < info.filterHeight; u++)
    for (let v = 0; v < info.filterWidth; v++) {
      const [top, left] = [u * info.dilationHeight, v * info.dilationWidth];
      seen.push(
        emit.node("Slice", [
          padded,
          emit.integers([top, left]),
          emit.integers([
            top + (info.outHeight - 1) * info.strideHeight + 1,
            left + (info.outWidth - 1) * info.strideWidth + 1,
          ]),
          emit.integers([1, 2]),
          emit.integers([info.strideHeight, info.strideWidth]),
        ]),
      );
    }
  const positions = info.batchSize * info.outHeight * info.outWidth;
  return emit.node("Reshape", [
    seen.length === 1 ? seen[0]! : emit.node("Concat", seen, { axis: 3 }),
    emit.integers([positions, info.filterHeight * info.filterWidth * info.inChannels]),
  ]);
}

/** dW as one product of patches and slopes. */
const filterGradient: Lowering = (trace, { x, dy }, a: ConvolutionAttributes) => {
  const { emit } = trace;
  const info = infoOf(x!.shape, a.filterShape!, a);
  const positions = info.batchSize * info.outHeight * info.outWidth;
  const slopes = emit.node("Reshape", [trace.full(dy!), emit.integers([positions, info.outChannels])]);
  const name = emit.node("Gemm", [patches(trace, x!, info), slopes], { transA: 1 });
  return trace.value(emit.node("Reshape", [name, emit.integers(a.filterShape!)]), a.filterShape!, "float32");
};

interface PoolingAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

const poolInfo = (shape: readonly number[], a: PoolingAttributes) =>
  tf.backend_util.computePool2DInfo(
    shape as Shape4,
    a.filterSize,
    a.strides,
    1,
    a.pad as "same",
    a.dimRoundingMode,
  );

const poolAttributes = (info: ReturnType<typeof poolInfo>) => ({
  kernel_shape: [info.filterHeight, info.filterWidth],
  strides: [info.strideHeight, info.strideWidth],
  pads: padsOf(info),
});

const pool =
  (operator: string): Lowering =>
  (trace, { x }, a: PoolingAttributes) => {
    const info = poolInfo(x!.shape, a);
    const name = trace.emit.node(
      operator,
      [turn(trace, trace.full(x!), channelsFirst)],
      poolAttributes(info),
    );
    return trace.value(turn(trace, name, channelsLast), info.outShape, "float32");
  };

/** The slopes go to the places of the maxima, the first of equal ones. */
const maxPoolGradient: Lowering = (trace, { dy, input }, a: PoolingAttributes) => {
  const { emit } = trace;
  const info = poolInfo(input!.shape, a);
  const [, places] = emit.split(
    "MaxPool",
    [turn(trace, trace.full(input!), channelsFirst)],
    poolAttributes(info),
    2,
  );
  const flat = emit.integers([-1]);
  const size = info.batchSize * info.inHeight * info.inWidth * info.inChannels;
  const sums = emit.node(
    "ScatterElements",
    [
      emit.node("Expand", [emit.scalar(0), emit.integers([size])]),
      emit.node("Reshape", [places!, flat]),
      emit.node("Reshape", [turn(trace, trace.full(dy!), channelsFirst), flat]),
    ],
    { reduction: { text: "add" } },
  );
  const shape = [info.batchSize, info.inChannels, info.inHeight, info.inWidth];
  const upright = emit.node("Reshape", [sums, emit.integers(shape)]);
  return trace.value(turn(trace, upright, channelsLast), info.inShape, "float32");
};

/** Each slope goes back in equal parts, one for each place of the filter, as in tfjs: also where places lay outside the picture. */
const avgPoolGradient: Lowering = (trace, { dy, input }, a: PoolingAttributes) => {
  const { emit } = trace;
  const info = poolInfo(input!.shape, a);
  const { padInfo: p, inChannels: channels } = info;
  const places = info.filterHeight * info.filterWidth;
  const parts = emit.node("Expand", [
    emit.scalar(1 / places),
    emit.integers([channels, 1, info.filterHeight, info.filterWidth]),
  ]);
  const far = (out: number, stride: number, kernel: number, near: number, size: number) =>
    (out - 1) * stride + kernel - near - size;
  const bottom = far(info.outHeight, info.strideHeight, info.filterHeight, p.top, info.inHeight);
  const right = far(info.outWidth, info.strideWidth, info.filterWidth, p.left, info.inWidth);
  const name = emit.node("ConvTranspose", [turn(trace, trace.full(dy!), channelsFirst), parts], {
    group: channels,
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    pads: [p.top, p.left, Math.max(0, bottom), Math.max(0, right)],
    output_padding: [Math.max(0, -bottom), Math.max(0, -right)],
  });
  return trace.value(turn(trace, name, channelsLast), info.inShape, "float32");
};

const batchNorm: Lowering = (
  trace,
  { x, mean, variance, scale, offset },
  { varianceEpsilon }: { varianceEpsilon: number },
) => {
  const { emit } = trace;
  const node = (operator: string, ...inputs: string[]) => emit.node(operator, inputs);
  const deviation = node("Sqrt", node("Add", variance!.name, emit.scalar(varianceEpsilon)));
  let y = node("Div", node("Sub", trace.full(x!), mean!.name), deviation);
  if (scale) y = node("Mul", y, scale.name);
  if (offset) y = node("Add", y, offset.name);
  return trace.value(y, x!.shape, "float32");
};

/** Kernels over pictures [batch, height, width, channels], whose axes ONNX has in another order. */
export const convolutions: Lowerings = {
  AvgPool: pool("AveragePool"),
  AvgPoolGrad: avgPoolGradient,
  Conv2D: conv2d,
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient,
  FusedBatchNorm: batchNorm,
  MaxPool: pool("MaxPool"),
  MaxPoolGrad: maxPoolGradient,
};
