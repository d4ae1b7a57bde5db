import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import type { Encoder, EncoderSpec } from "./encoder.js";
import { linearEncoder } from "./linear-encoder.js";
import { towersEncoder } from "./modalities/towers.js";
import { multiModalTwoTower } from "./multi-modal-two-tower.js";
import { regularizedSimpleTextEncoder } from "./regularized-simple-text-encoder.js";
import { simpleTextEncoder } from "./simple-text-encoder.js";
import { transformerEncoder } from "./transformer/transformer-encoder.js";
import { twoTower } from "./two-tower.js";

export type EncoderFactory = (spec: EncoderSpec, random: Random) => Encoder;

const factories = new Map<string, EncoderFactory>([
  ["LinearEncoder", linearEncoder],
  ["SimpleTextEncoder", simpleTextEncoder],
  ["RegularizedSimpleTextEncoder", regularizedSimpleTextEncoder],
  ["TwoTower", twoTower],
  ["MultiModalTwoTower", multiModalTwoTower],
  ["Towers", towersEncoder],
  ["Transformer", transformerEncoder],
]);

/** Makes an encoder available to {@link createEncoder} under `kind`; replaces one of the same name. */
export function registerEncoder(kind: string, factory: EncoderFactory): void {
  factories.set(kind, factory);
}

/** Kinds that {@link createEncoder} knows. */
export function encoderKinds(): string[] {
  return [...factories.keys()];
}

/**
 * Builds the encoder named by `spec.kind`, initialised from forks of `random` (which does not advance).
 *
 * @throws RangeError for an unknown kind, listing the known ones, and for sizes that do not fit together
 */
export function createEncoder(spec: EncoderSpec, random: Random): Encoder {
  const factory = factories.get(spec.kind);
  if (!factory) throw new UserError(`unknown encoder "${spec.kind}"; known: ${encoderKinds().join(", ")}`);
  return factory(spec, random);
}
