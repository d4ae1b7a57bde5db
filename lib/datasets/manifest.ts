import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { atomicWriteFile, isTemporaryName } from "../files/atomic-write.js";
import { DataError, describeFileError } from "../files/data-error.js";
import { hashFile } from "../files/hash-file.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { type CleaningName, cleaningNames } from "../tokenizer/text-cleaning.js";
import { layout } from "./dataset-layout.js";

const source = z.strictObject({
  name: z.string().describe("who made it, and which version"),
  url: z.string().nullable().describe("where it can be had; null if it is the user's own"),
  licence: z.string().describe("SPDX identifier or a name"),
});

/** A path that stays in the data set's folder: a manifest may come from anywhere. */
const inside = z
  .string()
  .min(1)
  .refine(
    (name) => !/^[/\\]|^[a-z]:|\\|\0/i.test(name) && !name.split("/").includes(".."),
    "must be a path inside the data set folder",
  );

const evaluationSet = z.strictObject({
  name: z.string().min(1),
  queriesPath: inside.describe("relative to the data set folder"),
  itemsPath: inside.describe("relative to the data set folder"),
  description: z.string(),
  judgedNegatives: z.boolean().describe("whether `grades` also name documents judged irrelevant"),
});

/** What a data set folder says about itself. */
const manifestSchema = z.strictObject({
  datasetFormat: z.literal(1),
  name: z.string().min(1),
  builder: z.strictObject({ name: z.string(), version: z.int().min(1) }),
  options: z
    .record(z.string(), z.unknown())
    .describe("what the builder was called with, as far as it changes the data"),
  sources: z.array(source),
  licence: z.string().describe("of the data set as a whole"),
  splitRule: z.string().describe("how training, validation and evaluation were kept apart"),
  notes: z.array(z.string()).describe("decisions, and what was left out and why"),
  columns: z.strictObject({
    query: z.record(z.string(), z.string()).describe("column → what it holds"),
    document: z.record(z.string(), z.string()),
  }),
  cleaning: z
    .enum(cleaningNames)
    .optional()
    .describe("of the token dictionary; published where nothing is said"),
  counts: z.record(z.string(), z.number()),
  evaluationSets: z.array(evaluationSet).describe("the first is the default"),
  files: z.record(inside, z.strictObject({ sha256: z.string().length(64), bytes: z.int().min(0) })),
  fingerprint: z.string().length(64).describe("SHA-256 over the file names and hashes"),
});

export type DatasetManifest = z.infer<typeof manifestSchema>;
export type EvaluationFiles = z.infer<typeof evaluationSet>;
export type FileHashes = DatasetManifest["files"];

/** Version of the folder format described here. */
export const datasetFormat = 1;

/** SHA-256 and size of every data file below a folder, by path with forward slashes; the manifest itself is no data. */
export function hashFolder(folder: string): FileHashes {
  const files: FileHashes = emptyRecord();
  for (const relative of dataFiles(folder, "").sort())
    files[relative] = hashFile(path.join(folder, relative));
  return files;
}

/** One hash for the whole data set: over the lines `sha256  path`, in order of the paths. */
export function fingerprintOf(files: FileHashes): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${files[name]!.sha256}  ${name}\n`);
  return hash.digest("hex");
}

/** Hashes what lies in the folder, completes the manifest with it and writes it. */
export function writeManifest(
  folder: string,
  manifest: Omit<DatasetManifest, "datasetFormat" | "files" | "fingerprint">,
): DatasetManifest {
  const files = hashFolder(folder);
  const complete: DatasetManifest = { datasetFormat, ...manifest, files, fingerprint: fingerprintOf(files) };
  atomicWriteFile(path.join(folder, layout.manifest), `${JSON.stringify(complete, null, 2)}\n`);
  return complete;
}

/**
 * Reads a manifest.
 *
 * @returns null if the folder has none
 * @throws DataError naming the file, the key, the rule and the value
 */
export function readManifest(folder: string): DatasetManifest | null {
  const file = path.join(folder, layout.manifest);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw describeFileError(file, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file}: must be JSON, got: ${(error as Error).message}`);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value);
  // of a key that is refused, zod says so in an issue of its own
  const rule = issue.code === "invalid_key" ? issue.issues[0]!.message : issue.message;
  const shown = typeof found === "string" ? `, got "${found}"` : "";
  throw new DataError(`${file}: ${issue.path.join(".") || "manifest"}: ${rule}${shown}`);
}

/** How texts of a data set become words: as its dictionary was made; a folder without manifest takes any language. */
export function cleaningOfDataset(folder: string): CleaningName {
  const manifest = readManifest(folder);
  return manifest === null ? "unicode" : (manifest.cleaning ?? "published");
}

/**
 * Compares the files of a folder with its manifest.
 *
 * @param depth "hash" reads every file; "size" only looks at sizes
 * @throws DataError naming the first file that is missing, differs, or is not in the manifest
 */
export function verifyFiles(folder: string, manifest: DatasetManifest, depth: "hash" | "size"): void {
  for (const [name, wanted] of Object.entries(manifest.files)) {
    const file = path.join(folder, name);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined)
      throw new DataError(`${file}: file of the manifest must exist, found none; build the data set again`);
    if (size !== wanted.bytes)
      throw new DataError(
        `${file}: must have ${wanted.bytes} bytes as in the manifest, got ${size}; build the data set again`,
      );
    if (depth === "size") continue;
    const { sha256 } = hashFile(file);
    if (sha256 !== wanted.sha256)
      throw new DataError(
        `${file}: SHA-256 must be ${wanted.sha256} as in the manifest, got ${sha256}; build the data set again`,
      );
  }
  for (const part of [layout.training, layout.validation])
    for (const name of dataFiles(path.join(folder, part), part))
      if (ownEntry(manifest.files, name) === undefined)
        throw new DataError(
          `${path.join(folder, name)}: part-files must be in the manifest, got one that is not`,
        );
}

function dataFiles(folder: string, prefix: string): string[] {
  const names: string[] = [];
  if (!existsSync(folder)) return names;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const relative = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) names.push(...dataFiles(path.join(folder, entry.name), relative));
    else if (entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice())
      throw new DataError(`${path.join(folder, entry.name)}: must be a file, found a pipe or device`);
    else if (relative !== layout.manifest && !isTemporaryName(entry.name)) names.push(relative);
  }
  return names;
}
