import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { gemOfPositions } from "../../lib/encoders/gem.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { expectClose, vector } from "../support/vectors.js";

beforeAll(async () => void (await selectBackend("wasm")));

it("generalised means of positions are the published ones for any p and eps (vector gem_pooling)", () => {
  const { inputs, expected } = vector("4-finetuner/gem_pooling");
  const channels: number[][] = inputs.features_per_channel;
  const positions = channels[0]!.map((_, i) => channels.map((channel) => channel[i]!));
  const x = tf.tensor3d([positions]);
  const found = (p: number, eps = 1e-6) => Array.from(gemOfPositions(x, { p, eps }).dataSync());
  // float32
  expectClose(found(1), expected["p=1"], 1e-5);
  expectClose(found(3), expected["p=3"], 1e-5);
  expectClose(found(2.4, 1e-5), expected["p=2.4,eps=1e-5"], 1e-5);
});

it("options of gem beside another pooling are refused by the key's name", () => {
  const encoder = "model.query.features.0.encoder";
  const set = (...more: string[]) =>
    loadConfig("configs/modalities/image-to-text.yaml", [`${encoder}.pooling_options={p: 4}`, ...more]);
  expect(() => set()).toThrow(
    `${encoder}.pooling_options must be left out unless pooling is gem, which alone reads it, got pooling "mean"`,
  );
  expect(() => set(`${encoder}.pooling=gem`)).not.toThrow();
});
