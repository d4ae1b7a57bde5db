import type { z } from "zod";

/** Keys of a section of YAML, each with a default, a description, a unit and a source. */
export type Settings = Readonly<Record<string, z.ZodType>>;

/** `num_negatives` as code spells it: `numNegatives`. */
export type CamelCase<K extends string> = K extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : K;

/** Checked values; of no settings nothing is said. */
type Values<S extends Settings> = keyof S extends never
  ? unknown
  : z.output<z.ZodObject<{ [K in keyof S]: S[K] }>>;

/** Options of a part as its factory gets them: settings in camelCase, every default filled in. */
export type OptionsOf<S extends Settings> = {
  [K in keyof Values<S> & string as CamelCase<K>]: Values<S>[K];
};

/**
 * What a part of an experiment (a loss, an optimiser, an encoder …) declares about itself. The file that computes it
 * exports one, and a line in the index of its kind makes it known to YAML, to code and to error messages.
 */
export interface Part {
  /** Its name: `type` in YAML, `kind` in code. */
  readonly kind: string;
  /** Names under which others publish it, e.g. "TripletMarginLoss"; accepted wherever its kind is. */
  readonly published?: readonly string[];
  /** Options that others spell differently: their spelling in snake case → ours. */
  readonly publishedOptions?: Readonly<Record<string, string>>;
  /** One line for documentation. */
  readonly summary: string;
  /** Keys as YAML spells them; null: whatever is given reaches the factory unchecked. */
  readonly settings: Settings | null;
}

/** The YAML section that names a part: its kind as `type`, the keys that all parts of the sort have, and its own. */
export type SectionOf<P extends Part, Common extends Settings> = P extends {
  readonly kind: infer K extends string;
  readonly settings: infer S extends Settings;
}
  ? { type: K } & Values<Common> & Values<S>
  : never;

/** A part that was registered under a name of its own, named at one remove: `type: custom`. */
export interface CustomSection {
  type: "custom";
  name: string;
  options: Record<string, unknown>;
}

/** A part in plain data: its kind and the options of that kind, in camelCase. */
export interface PartSpec {
  kind: string;
  [option: string]: unknown;
}

/** `num_negatives` → `numNegatives`. */
export function toCamelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `numNegatives` → `num_negatives`. */
export function toSnakeCase(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
