import fs from "node:fs";
import { picturePath } from "../datasets/images/picture-path.js";
import { readItems } from "../datasets/items.js";
import { evaluationFilesOf, openDataset } from "../datasets/open-dataset.js";
import { Random } from "../engine/random/random.js";
import { encodeRun } from "../evaluation/encode-run.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { type MapPicture, pictureMap } from "../reporting/picture-map.js";
import { pictureAddress } from "../reporting/pictures.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { projectEmbeddings } from "./maps/umap.js";

/**
 * A map of a run's documents whose points are their pictures. The same run gives the same map.
 *
 * @param options.pictures  documents shown, drawn at random from those that have a picture
 */
export async function runPictureMap(
  run: RunFolder,
  options: { pictures?: number; epochs?: number; pictureColumn?: string } = {},
): Promise<{ html: string; statement: string }> {
  const { pictures = 500, epochs, pictureColumn = "document_picture" } = options;
  const random = new Random(run.manifest().seed).fork("picture-map");
  const { dataset } = run.manifest();
  const { items } = await readItems(
    evaluationFilesOf(openDataset(dataset.dir, { verify: "size" })).itemsPath,
  );
  const { embeddings, dim } = await encodeRun(run.dir, { queries: 0, random, categoryColumn: pictureColumn });
  const fileOf = (row: number) => picturePath(dataset.dir, items[row]![pictureColumn]!);
  const withPicture = items.flatMap((item, row) =>
    ownEntry(item, pictureColumn) && fs.existsSync(fileOf(row)) ? [row] : [],
  );
  if (withPicture.length < 2)
    throw new UserError(
      `runPictureMap: two or more documents must have a picture in ${pictureColumn}, got ${withPicture.length} of ${items.length}`,
    );
  const shown = random.shuffle(withPicture).slice(0, pictures);
  const chosen = new Float32Array(shown.length * dim);
  shown.forEach((row, i) => {
    chosen.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const projection = await projectEmbeddings(chosen, dim, {
    random,
    ...(epochs === undefined ? {} : { epochs }),
  });
  const points = shown.map((row, i): MapPicture => {
    return {
      x: projection.coordinates[2 * i]!,
      y: projection.coordinates[2 * i + 1]!,
      picture: pictureAddress(fileOf(row)),
      label: items[row]!["document_name"] ?? "",
    };
  });
  const { svg, leftOut } = pictureMap(points);
  const note = leftOut === 0 ? "" : ` ${leftOut} pictures found no free place and are left out.`;
  return { html: svg, statement: `${points.length - leftOut} documents. ${projection.statement}${note}` };
}
