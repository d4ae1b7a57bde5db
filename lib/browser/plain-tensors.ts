// The few operations of tfjs that the forward pass of bags and towers uses, in plain JavaScript. A page's bundle has this
// file in the place of "@tensorflow/tfjs" (see bundle-page.ts), so that encoders run there as they stand in lib/encoders.
// Nothing is differentiated and nothing is freed: gradients are never asked for, and memory is the page's own.

/** A tensor of float32 numbers, row after row. */
export class Tensor {
  readonly dataId = {};

  constructor(
    public data: Float32Array,
    readonly shape: number[],
  ) {}

  get size(): number {
    return this.data.length;
  }

  dataSync(): Float32Array {
    return this.data;
  }

  assign(values: Tensor): void {
    this.data = values.data;
  }

  dispose(): void {}
}

export const tidy = <T>(run: () => T): T => run();
export const keep = <T>(x: T): T => x;
export const clone = <T>(x: T): T => x;
export const variable = (x: Tensor): Tensor => x;
export const scalar = (x: number): Tensor => new Tensor(Float32Array.of(x), []);
export const tensor1d = (x: Float32Array): Tensor => new Tensor(x, [x.length]);
export const tensor2d = (x: Float32Array, shape: [number, number]): Tensor => new Tensor(x, shape);
export const zeros = (shape: number[]): Tensor =>
  new Tensor(new Float32Array(shape.reduce((size, length) => size * length, 1)), shape);
export const getBackend = (): string => "cpu";

/** What only tfjs's own backends have. */
export const backend = (): never => {
  throw new Error("plain-tensors: there is no backend here");
};
export const engine = backend;

/** Ops of gradients, graphs and rows on a device, which stand beside the forward pass and are never reached here. */
export {
  backend as addN,
  backend as broadcastTo,
  backend as cast,
  backend as dispose,
  backend as div,
  backend as gather,
  backend as pad,
  backend as slice,
  backend as sqrt,
  backend as square,
  backend as sub,
  backend as sum,
  backend as unsortedSegmentSum,
  backend as where,
  backend as zerosLike,
};

export const customGrad =
  (forward: (...inputs: unknown[]) => { value: Tensor }) =>
  (...inputs: unknown[]): Tensor =>
    forward(...inputs, () => {}).value;

/** [B, N] + [N] */
export function add(x: Tensor, row: Tensor): Tensor {
  const width = row.data.length;
  return new Tensor(
    x.data.map((value, i) => value + row.data[i % width]!),
    x.shape,
  );
}

/** [B, N] · [B, 1], or of equal shapes */
export function mul(x: Tensor, factor: Tensor): Tensor {
  const width = x.data.length / Math.max(1, factor.data.length);
  return new Tensor(
    x.data.map((value, i) => value * factor.data[Math.floor(i / width)]!),
    x.shape,
  );
}

export const relu = (x: Tensor): Tensor =>
  new Tensor(
    x.data.map((value) => (value > 0 ? value : 0)),
    x.shape,
  );

/** [M, K] · [K, N] */
export function matMul(a: Tensor, b: Tensor): Tensor {
  const [M, K] = a.shape as [number, number];
  const N = b.shape[1]!;
  const out = new Float32Array(M * N);
  for (let i = 0; i < M; i++)
    for (let k = 0; k < K; k++) {
      const x = a.data[i * K + k]!;
      if (x !== 0) for (let j = 0; j < N; j++) out[i * N + j]! += x * b.data[k * N + j]!;
    }
  return new Tensor(out, [M, N]);
}
