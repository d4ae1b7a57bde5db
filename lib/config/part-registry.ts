import { z } from "zod";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { describeIssue } from "./describe-issue.js";
import { nearestName } from "./nearest-name.js";
import { type Part, type PartSpec, type Settings, toCamelCase, toSnakeCase } from "./part.js";

/** Named at one remove, with options spelled as in code: parts without settings can be reached by this alone. */
const customSettings = {
  name: z.string().min(1).describe("as registered, e.g. in a notebook cell"),
  options: z.record(z.string(), z.unknown()).default({}).describe("handed to the registered factory"),
};

/** What a section is once it is checked; before, some keys may be left out. */
export type SectionSchema<Section> = z.ZodType<Section, { type: string; [key: string]: unknown }>;

/**
 * All parts of one sort, by kind: those that come with the workspace, and those that users register. Configurations,
 * factories and error messages read the same entries.
 */
export class PartRegistry<P extends Part, Section extends { type: string } = { type: string }> {
  readonly #parts: Map<string, P>;
  #schema: SectionSchema<Section> | null = null;

  /**
   * @param sort    what error messages call a part, e.g. "loss"
   * @param common  keys of every section of this sort, between `type` and the part's own
   * @param customKeys  keys of a section of type custom, beside name and options
   */
  constructor(
    readonly sort: string,
    parts: readonly P[],
    private readonly common: Settings = {},
    private readonly customKeys: Settings = common,
  ) {
    this.#parts = new Map(parts.map((part) => [part.kind, part]));
  }

  /** Makes a part known; replaces one of the same kind. */
  register(part: P): void {
    this.#parts.set(part.kind, part);
    this.#schema = null;
  }

  kinds(): string[] {
    return [...this.#parts.keys()];
  }

  parts(): P[] {
    return [...this.#parts.values()];
  }

  /** The kind that a published name stands for; the name itself where it stands for none. */
  kindOf(name: string): string {
    if (this.#parts.has(name)) return name;
    return this.parts().find(({ published }) => published?.includes(name))?.kind ?? name;
  }

  /** A section of YAML with the published name of a part and the published spelling of its keys replaced by ours. */
  respelled(section: { type: string; [key: string]: unknown }): { type: string; [key: string]: unknown } {
    const type = this.kindOf(section.type);
    const { publishedOptions } = this.#parts.get(type) ?? {};
    const keys = Object.entries(section).map(([key, value]) => [
      ownEntry(publishedOptions, key) ?? key,
      value,
    ]);
    return { ...Object.fromEntries(keys), type };
  }

  /** @throws RangeError for an unknown kind, listing the known ones */
  get(kind: string): P {
    const part = this.#parts.get(this.kindOf(kind));
    if (!part)
      throw new UserError(
        `unknown ${this.sort} "${kind}"; known: ${this.kinds().join(", ")}${hint(kind, this)}`,
      );
    return part;
  }

  /** Schema of the YAML section that names one of these parts by `type`. The same object until a part is registered. */
  schema(): SectionSchema<Section> {
    if (this.#schema) return this.#schema;
    const section = ({ kind, summary, settings }: P) => {
      const keys = { type: z.literal(kind), ...this.common, ...settings };
      return (settings ? z.strictObject(keys) : z.looseObject(keys)).describe(summary);
    };
    const custom = z
      .strictObject({ type: z.literal("custom"), ...customSettings, ...this.customKeys })
      .describe("registered under a name of its own");
    const [first, ...rest] = [...this.parts().map(section), custom];
    this.#schema = z.discriminatedUnion("type", [first!, ...rest]) as unknown as SectionSchema<Section>;
    return this.#schema;
  }

  /** The part that a checked section names, in plain data; keys that all parts of the sort have are left out. */
  specOf(section: { type: string }): PartSpec {
    const { type, ...keys } = section as { type: string; [key: string]: unknown };
    if (type === "custom") return { ...(keys.options as object), kind: keys.name as string };
    const own = Object.entries(keys).filter(([key]) => !Object.hasOwn(this.common, key));
    return { kind: type, ...Object.fromEntries(own.map(([key, value]) => [toCamelCase(key), value])) };
  }

  /** The section that names a part in plain data, unchecked: {@link specOf} turned round. */
  sectionOf({ kind, ...options }: { kind: string }): { type: string; [key: string]: unknown } {
    if (!this.get(kind).settings) return { type: "custom", name: kind, options };
    const keys = Object.entries(options).map(([option, value]) => [toSnakeCase(option), value]);
    return { type: kind, ...Object.fromEntries(keys) };
  }

  /**
   * The part of a spec, and its options with every default filled in.
   *
   * @throws RangeError for an unknown kind or option, naming the nearest, and for values out of range
   */
  resolve({ kind: name, ...given }: { kind: string }): { part: P; options: PartSpec } {
    const part = this.get(name);
    const { kind, settings, publishedOptions = {} } = part;
    if (!settings) return { part, options: { kind, ...given } };
    const known = Object.keys(settings).map(toCamelCase);
    const raw: Record<string, unknown> = emptyRecord();
    for (const [spelled, value] of Object.entries(given)) {
      const option = toCamelCase(ownEntry(publishedOptions, toSnakeCase(spelled)) ?? spelled);
      if (!known.includes(option)) {
        const nearest = nearestName(option, known);
        throw new UserError(
          `${kind}: unknown option "${option}"; ${nearest ? `did you mean ${nearest}?` : `known: ${known.join(", ") || "none"}`}`,
        );
      }
      if (value !== undefined) raw[toSnakeCase(option)] = value;
    }
    const schema = z.strictObject(settings as Record<string, z.ZodType>);
    const parsed = schema.safeParse(raw, { reportInput: true });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const key = String(issue!.path[0]);
      const [line] = describeIssue(issue!, schema, raw, () => kind);
      throw new UserError(line!.replace(`${kind}: ${key}`, `${kind}: ${toCamelCase(key)}`));
    }
    const options = Object.entries(parsed.data).map(([key, value]) => [toCamelCase(key), value]);
    return { part, options: { kind, ...Object.fromEntries(options) } };
  }
}

function hint(kind: string, registry: PartRegistry<Part>): string {
  const names = registry.parts().flatMap((part) => [part.kind, ...(part.published ?? [])]);
  const nearest = nearestName(kind, names);
  return nearest ? `; did you mean ${nearest}?` : "";
}
