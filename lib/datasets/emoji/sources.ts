import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DataError, describeFileError } from "../../files/data-error.js";

/** An emoji as OpenMoji lists it. */
export interface OpenMojiEntry {
  emoji: string;
  hexcode: string;
  group: string;
  subgroup: string;
  /** Tags that OpenMoji's contributors gave, as they wrote them. */
  annotatorTags: string[];
}

/** Keywords and name of a character in one locale. */
export interface CldrEntry {
  keywords: string[];
  /** Short name ("tts"); null if the locale gives none. */
  name: string | null;
}

/** The two packages, below `packages` (node_modules). */
export interface EmojiSources {
  openMojiVersion: string;
  cldrVersion: string;
  entries: OpenMojiEntry[];
  locales: string[];
  /** By character without variation selectors. */
  readLocale(locale: string): Map<string, CldrEntry>;
}

/** Where the package keeps the pictures, below `packages`. */
export const pictureFolder = "openmoji/color/svg";

/**
 * Opens OpenMoji's list and CLDR's annotations.
 *
 * @throws DataError naming the file that is missing or not as expected
 */
export function openEmojiSources(packages: string): EmojiSources {
  const cldr = path.join(packages, "cldr-annotations-full");
  const annotations = path.join(cldr, "annotations");
  let locales: string[];
  try {
    locales = readdirSync(annotations).sort();
  } catch (error) {
    throw describeFileError(annotations, error);
  }
  return {
    openMojiVersion: versionOf(path.join(packages, "openmoji")),
    cldrVersion: versionOf(cldr),
    entries: readOpenMoji(path.join(packages, "openmoji/data/openmoji.json")),
    locales,
    readLocale: (locale) => readCldr(path.join(annotations, locale, "annotations.json")),
  };
}

/** The character without U+FE0F, which the two sources place differently. */
export function plainEmoji(emoji: string): string {
  return emoji.replaceAll("\ufe0f", "");
}

function versionOf(folder: string): string {
  const file = path.join(folder, "package.json");
  const { version } = readJson(file) as { version?: unknown };
  if (typeof version !== "string")
    throw new DataError(`${file}: version must be text, got ${JSON.stringify(version)}`);
  return version;
}

function readOpenMoji(file: string): OpenMojiEntry[] {
  const list = readJson(file);
  if (!Array.isArray(list)) throw new DataError(`${file}: must be a list of emoji, got ${typeof list}`);
  const entries: OpenMojiEntry[] = [];
  for (const [index, raw] of list.entries()) {
    for (const key of ["emoji", "hexcode", "group", "subgroups"])
      if (typeof raw[key] !== "string")
        throw new DataError(`${file}: entry ${index}: ${key} must be text, got ${JSON.stringify(raw[key])}`);
    // Skin-tone variants repeat their base emoji; the extras have code points or meanings of OpenMoji's own.
    if ((raw.skintone ?? "") !== "" || raw.group.startsWith("extras-")) continue;
    const annotatorTags = String(raw.openmoji_tags ?? "")
      .split(",")
      .map((tag) => tag.trim());
    entries.push({
      emoji: raw.emoji,
      hexcode: raw.hexcode,
      group: raw.group,
      subgroup: raw.subgroups,
      annotatorTags: annotatorTags.filter((tag) => tag !== ""),
    });
  }
  return entries;
}

function readCldr(file: string): Map<string, CldrEntry> {
  const raw = readJson(file) as {
    annotations?: { annotations?: Record<string, { default?: string[]; tts?: string[] }> };
  };
  const entries = new Map<string, CldrEntry>();
  for (const [character, entry] of Object.entries(raw.annotations?.annotations ?? {}))
    entries.set(plainEmoji(character), { keywords: entry.default ?? [], name: entry.tts?.[0] ?? null });
  return entries;
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw describeFileError(file, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file}: must be JSON, got: ${(error as Error).message}`);
  }
}
