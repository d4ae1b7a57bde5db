import path from "node:path";
import { defaultListener, type Listener } from "../engine/progress.js";
import { spacedWords } from "../files/spaced-words.js";
import { UserError } from "../files/user-error.js";
import { buildEmoji, type EmojiOptions, ensureEmoji } from "./emoji/build-emoji.js";
import type { DatasetManifest } from "./manifest.js";
import { datasetSources, type ImportRequest, importDataset } from "./registry.js";

/** Folder that data sets are built into and read from by name. */
export const DATA = "data";

export interface BuildOptions {
  listener: Listener;
  locales?: readonly string[] | "all";
  unseenLocales?: readonly string[];
  heldOutKeywords?: number;
  seed?: number;
  output?: string;
}

/**
 * Builds a data set that is made from packages into its folder; returns what it holds, in one line.
 *
 * @throws RangeError for a name that is none of them, and for options of emoji's phrases with another data set
 */
export async function buildDataset(name: string, options: BuildOptions): Promise<string> {
  const built = Object.keys(datasetSources).filter((known) => datasetSources[known]!.kind === "packages");
  if (!built.includes(name))
    throw new UserError(
      `unknown data set "${name}"; known: ${built.join(", ")}${Object.hasOwn(datasetSources, name) ? `; this one is imported: qdrl data import ${name}` : ""}`,
    );
  const outDir = options.output ?? path.join(DATA, name);
  if (name !== "emoji") {
    const { locales = ["en"], unseenLocales = [], heldOutKeywords = 0, listener, seed } = options;
    if (String(locales) !== "en" || unseenLocales.length > 0 || heldOutKeywords > 0)
      throw new UserError(
        `data set "${name}": locales, unseen locales and held-out keywords must not be given, they are of emoji`,
      );
    return importInto(outDir, name, { listener, from: null, ...(seed === undefined ? {} : { seed }) });
  }
  return describe(outDir, await buildEmoji(emojiOptions(outDir, options)));
}

/** The default data set, built unless data/emoji is already what the builder would write. */
export async function ensureDefaultDataset(listener: Listener = defaultListener()): Promise<void> {
  const outDir = path.join(DATA, "emoji");
  const { manifest, built } = await ensureEmoji(emojiOptions(outDir, { listener }));
  listener.line?.(`${describe(outDir, manifest)}${built ? "" : " (already built)"}`);
}

/** Imports a data set and says in one line what it holds. @throws RangeError for an unknown name or a source that cannot be had */
export async function importInto(
  outDir: string,
  name: string,
  options: { listener: Listener } & Omit<ImportRequest, "outDir" | "onProgress">,
): Promise<string> {
  const { listener, ...request } = options;
  const { counts, licence, warnings } = await importDataset(name, {
    ...request,
    outDir,
    onProgress: (done, total, step) =>
      listener.progress?.({ task: `import ${name}`, done, total, unit: "steps", note: step }),
  });
  for (const warning of warnings) listener.line?.(warning);
  const held = Object.entries(counts).map(([key, value]) => `${value.toLocaleString("en")} ${key}`);
  return `${outDir}: ${held.join(", ")}; licence: ${licence}`;
}

function emojiOptions(
  outDir: string,
  { listener, locales, unseenLocales, heldOutKeywords, seed }: BuildOptions,
): EmojiOptions {
  return {
    outDir,
    ...(unseenLocales === undefined ? {} : { unseenLocales }),
    ...(heldOutKeywords === undefined ? {} : { heldOutKeywords }),
    ...(locales === undefined ? {} : { locales }),
    ...(seed === undefined ? {} : { seed }),
    onProgress: (done, total, step) =>
      listener.progress?.({ task: "build emoji", done, total, unit: "steps", note: step }),
  };
}

function describe(dir: string, { counts }: DatasetManifest): string {
  const held = Object.entries(counts).map(
    ([key, value]) => `${value.toLocaleString("en")} ${spacedWords(key)}`,
  );
  return `${dir}: ${held.join(", ")}`;
}
