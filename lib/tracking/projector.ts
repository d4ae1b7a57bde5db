import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile, atomicWriteParts } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import { EventFileWriter } from "./event-file-writer.js";
import { type PictureSource, spriteSheet } from "./sprite.js";

/** Points for the embedding projector. */
export interface ProjectorPoints {
  /** [n, dim], row by row. */
  vectors: Float32Array;
  dim: number;
  /** What a point is called; or several columns by name, such as name, group and id. */
  labels: readonly string[] | Readonly<Record<string, readonly string[]>>;
}

/**
 * Writes vectors and labels as two tab-separated files, `tensors.tsv` and `metadata.tsv`, which
 * projector.tensorflow.org and its stand-alone versions load by hand.
 *
 * Labels with one column have no heading line, with several they have one: the projector's own rule. Tabs and line
 * breaks in labels become spaces; an empty label becomes "–", as the projector would drop an empty line and
 * shift all that follow.
 *
 * @throws RangeError if lengths disagree or there are no points
 */
export function writeProjectorTsv(dir: string, { vectors, dim, labels }: ProjectorPoints): void {
  const count = checkedCount(vectors, dim);
  const columns: Record<string, readonly string[]> = isColumns(labels) ? labels : { label: labels };
  const names = Object.keys(columns);
  if (names.length === 0) throw new UserError("writeProjectorTsv: labels must have a column, got none");
  for (const name of names)
    if (columns[name]!.length !== count)
      throw new UserError(
        `writeProjectorTsv: labels "${name}" must have one entry a vector (${count}), got ${columns[name]!.length}`,
      );
  atomicWriteParts(path.join(dir, "tensors.tsv"), vectorLines(vectors, dim));
  const lines = names.length > 1 ? [names.map(cell).join("\t")] : [];
  for (let i = 0; i < count; i++) lines.push(names.map((name) => cell(columns[name]![i]!)).join("\t"));
  atomicWriteFile(path.join(dir, "metadata.tsv"), `${lines.join("\n")}\n`);
}

/**
 * Writes a folder that TensorBoard's "Projector" tab opens: the two files of {@link writeProjectorTsv},
 * `sprite.png` if there are pictures, `projector_config.pbtxt`, which names them, and an event file without values,
 * by which TensorBoard finds the folder when `--logdir` is one above it.
 *
 * @param options.name        what the tab calls the points
 * @param options.pictures    one for each point (null: none), or absent
 * @param options.cellPixels  side of a picture, see spriteSheet
 * @throws RangeError if lengths disagree
 */
export async function writeProjector(
  dir: string,
  points: ProjectorPoints,
  options: { name?: string; pictures?: readonly PictureSource[] | null; cellPixels?: number } = {},
): Promise<void> {
  const { name = "documents", pictures = null, cellPixels } = options;
  const count = checkedCount(points.vectors, points.dim);
  if (pictures !== null && pictures.length !== count)
    throw new UserError(`writeProjector: pictures must be one a vector (${count}), got ${pictures.length}`);
  writeProjectorTsv(dir, points);
  let sprite: number | null = null;
  if (pictures !== null) {
    const sheet = await spriteSheet(pictures, cellPixels);
    sprite = sheet.cellPixels;
    atomicWriteFile(path.join(dir, "sprite.png"), sheet.png);
  }
  atomicWriteFile(
    path.join(dir, "projector_config.pbtxt"),
    projectorConfig(name, [count, points.dim], sprite),
  );
  const isEventFile = (file: string) => file.startsWith("events.out.tfevents.");
  if (!fs.readdirSync(dir).some(isEventFile)) new EventFileWriter(dir).close();
}

/**
 * TensorBoard's ProjectorConfig message in text form, paths relative to its own folder.
 *
 * @param spritePixels  side of a picture in sprite.png, null without pictures
 */
export function projectorConfig(
  name: string,
  shape: readonly [number, number],
  spritePixels: number | null,
): string {
  const sprite = [
    "  sprite {",
    '    image_path: "sprite.png"',
    `    single_image_dim: ${spritePixels}`,
    `    single_image_dim: ${spritePixels}`,
    "  }",
  ];
  const lines = [
    "embeddings {",
    `  tensor_name: ${JSON.stringify(name)}`,
    '  metadata_path: "metadata.tsv"',
    ...shape.map((size) => `  tensor_shape: ${size}`),
    ...(spritePixels === null ? [] : sprite),
    '  tensor_path: "tensors.tsv"',
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function checkedCount(vectors: Float32Array, dim: number): number {
  if (!Number.isInteger(dim) || dim < 1)
    throw new UserError(`projector: dim must be a whole number ≥ 1, got ${dim}`);
  if (vectors.length === 0 || vectors.length % dim !== 0)
    throw new UserError(`projector: vectors must be n × ${dim} numbers with n ≥ 1, got ${vectors.length}`);
  const odd = vectors.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0)
    throw new UserError(
      `projector: vectors must be finite, got ${vectors[odd]} in row ${Math.floor(odd / dim)}`,
    );
  return vectors.length / dim;
}

function isColumns(labels: ProjectorPoints["labels"]): labels is Readonly<Record<string, readonly string[]>> {
  return !Array.isArray(labels);
}

/** Nine significant digits: every float32 reads back as it was. */
function* vectorLines(vectors: Float32Array, dim: number): Generator<string> {
  for (let start = 0; start < vectors.length; start += dim) {
    const row = Array.from(vectors.subarray(start, start + dim), (value) =>
      String(Number(value.toPrecision(9))),
    );
    yield `${row.join("\t")}\n`;
  }
}

function cell(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat === "" ? "–" : flat;
}
