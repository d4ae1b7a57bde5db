import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { GraphCompiler } from "../../../lib/engine/jit/graph-compiler.js";
import { jit, jitGradients } from "../../../lib/engine/jit/jit.js";

const folder = mkdtempSync(path.join(tmpdir(), "graphs-"));
beforeAll(async () => void (await selectBackend("wasm")));
afterAll(() => rmSync(folder, { recursive: true }));

const noise = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", seed);
const f = (x: tf.Tensor) =>
  tf.mean(tf.logSoftmax(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true))) as tf.Scalar;

/** Value and gradient by a compiler of its own. */
function once(cacheDir: string | null) {
  const fast = jitGradients(f, { threads: 1, cacheDir });
  const { value, gradients } = fast(noise(1, 9, 33));
  const numbers = [...value.dataSync(), ...gradients[0]!.dataSync()];
  const { sessionMs, graph } = fast.info();
  fast.dispose();
  return { numbers, sessionMs, hash: graph!.hash };
}

test("a graph kept on disk gives the same bytes as one made anew, and a damaged file is written anew", () => {
  const { numbers, hash } = once(null);
  const cacheDir = path.join(folder, "kept");
  expect(once(cacheDir)).toMatchObject({ numbers, hash });
  expect(readdirSync(cacheDir)).toEqual([`${hash}.graph`]);
  expect(once(cacheDir).numbers).toEqual(numbers);
  const file = path.join(cacheDir, `${hash}.graph`);
  const whole = readFileSync(file);
  const damaged = Buffer.from(whole);
  damaged[100]! ^= 1;
  writeFileSync(file, damaged);
  expect(once(cacheDir).numbers).toEqual(numbers);
  expect(readFileSync(file)).toEqual(whole);
});

test("a folder that cannot be used costs time alone", () => {
  const file = path.join(folder, "no-folder");
  writeFileSync(file, "");
  expect(once(file).numbers).toEqual(once(null).numbers);
  expect(readFileSync(file, "utf8")).toBe("");
});

test("the same graph on the same threads gives the same bytes each time", () => {
  const [first, second] = [once(null), once(null)];
  expect(second.numbers).toEqual(first.numbers);
});

test("operators' times are told by name, for every call of a run", () => {
  const fast = jit((x: tf.Tensor) => tf.matMul(tf.exp(x) as tf.Tensor2D, x as tf.Tensor2D), {
    threads: 1,
    profilePrefix: path.join(folder, "times"),
  });
  for (let i = 0; i < 3; i++) fast(noise(2, 64, 64));
  const times = fast.operatorTimes();
  expect(times.map(({ operator, calls }) => [operator, calls])).toEqual(
    expect.arrayContaining([
      ["Gemm", 1],
      ["Exp", 1],
    ]),
  );
  expect(times.every(({ ms }) => ms >= 0)).toBe(true);
  fast.dispose();
  const plain = jit(f as (x: tf.Tensor) => tf.Tensor);
  expect(() => plain.operatorTimes()).toThrow("profilePrefix");
});

test("a run that ONNX Runtime refuses is tried by tfjs, after a line with its reason", () => {
  const lines: string[] = [];
  const places = tf.tensor1d([0, 7], "int32");
  const fast = jit((x: tf.Tensor) => tf.gather(x, places), { threads: 1, tell: (line) => lines.push(line) });
  expect(() => fast(noise(3, 3))).toThrow(/not in \[0, /); // tfjs's own message
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^jit: ONNX Runtime did not run a graph of \d+ nodes \(.*bounds.*\); tfjs computes such calls$/,
  );
});

test("options out of range are refused by name", () => {
  expect(() => new GraphCompiler({ threads: 0 })).toThrow("jit: threads must be at least 1, got 0");
  expect(() => new GraphCompiler({ openGraphs: 0.5 })).toThrow("openGraphs");
});
