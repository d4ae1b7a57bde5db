// Loads tfjs' native binding, checks a product and its gradient, and says in one line where they were computed.
const { existsSync } = require("node:fs");

process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
const tf = require("@tensorflow/tfjs-node-gpu");

const [a, b] = [tf.fill([3, 4], 2), tf.fill([4, 5], 3)];
const slope = tf
  .grad((x) => tf.sum(tf.matMul(x, b)))(a)
  .dataSync();
if (tf.sum(tf.matMul(a, b)).dataSync()[0] !== 360 || slope.some((value) => value !== 15))
  throw new Error("a product or its gradient is wrong");
const version = tf.backend().binding.TF_Version;
console.log(`TensorFlow ${version} loads, multiplies and differentiates on the ${place()}`);

function place() {
  if (tf.backend().isUsingGpuDevice) return "GPU";
  if (!existsSync("/proc/driver/nvidia/version")) return "CPU: no GPU here (no NVIDIA driver is loaded)";
  return "CPU: there is an NVIDIA driver, but TensorFlow found no GPU (TF_CPP_MIN_LOG_LEVEL=0 says why)";
}
