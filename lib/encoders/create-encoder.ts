import type { CustomSection, SectionOf, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import type { Random } from "../engine/random/random.js";
import type { Encoder, EncoderSpec } from "./encoder.js";
import { type AnyEncoderPart, type EncoderSection, ignoredKeys, textKeys } from "./encoder-part.js";
import { linearEncoderPart } from "./linear-encoder.js";
import { towersPart } from "./modalities/towers-part.js";
import { multiModalTwoTowerPart } from "./multi-modal-two-tower.js";
import { queryBagPart } from "./query-bag.js";
import { regularizedSimpleTextEncoderPart } from "./regularized-simple-text-encoder.js";
import { simpleTextEncoderPart } from "./simple-text-encoder.js";
import { cutSpec } from "./tailor/cut-spec.js";
import { tailorSetting } from "./tailor/tailor-spec.js";
import { TailoredEncoder } from "./tailor/tailored-encoder.js";
import { transformerPart } from "./transformer/transformer-part.js";
import { twoTowerPart } from "./two-tower.js";

export type EncoderFactory = (spec: EncoderSpec, random: Random) => Encoder;

/** Encoders that come with the workspace. A new one is a line here. */
const builtIn = [
  linearEncoderPart,
  simpleTextEncoderPart,
  regularizedSimpleTextEncoderPart,
  twoTowerPart,
  multiModalTwoTowerPart,
  towersPart,
  transformerPart,
  queryBagPart,
] as const;

const common = { tailor: tailorSetting };
const customKeys = { ...textKeys, ...ignoredKeys, ...common };

/** Section `model` of a configuration. */
export type ModelConfig =
  | SectionOf<(typeof builtIn)[number], typeof common>
  | (CustomSection & EncoderSection<typeof customKeys>);

/** Encoders, by kind. */
export const encoders = new PartRegistry<AnyEncoderPart, ModelConfig>("encoder", builtIn, common, customKeys);

/**
 * Makes an encoder available under `kind`, in code and as `model: {type: kind, …}` in YAML; replaces one of the same name.
 *
 * @param settings  its keys beside those of every encoder of texts, as YAML spells them, with defaults; the spec has them
 *   in camelCase. Without, it is named by `type: custom`, and options are handed over unchecked
 */
export function registerEncoder(kind: string, make: EncoderFactory, settings: Settings | null = null): void {
  const all = settings && { ...textKeys, ...settings };
  encoders.register({ kind, summary: "registered", settings: all, make });
}

/** Kinds that {@link createEncoder} knows. */
export function encoderKinds(): string[] {
  return encoders.kinds();
}

/**
 * Builds the encoder named by `spec.kind`, initialised from forks of `random` (which does not advance).
 *
 * @throws RangeError for an unknown kind, listing the known ones, and for sizes that do not fit together
 */
export function createEncoder(spec: EncoderSpec, random: Random): Encoder {
  const { tailor, ...plain } = spec;
  const make = (base: EncoderSpec) => encoders.get(base.kind).make(base, random);
  if (!tailor) return make(plain);
  const base = tailor.layer === null ? plain : cutSpec(plain, tailor.layer);
  if (!tailor.head && tailor.freeze === false) return make(base);
  return new TailoredEncoder(make(base), base, tailor, random.fork("head"));
}
