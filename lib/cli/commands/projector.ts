import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { Random } from "../../engine/random.js";
import { writeProjector } from "../../tracking/projector.js";
import { embedRun } from "../../training/embed-run.js";
import { openRun } from "../../training/run-folder.js";
import { TerminalListener } from "../terminal.js";

/** `qdrl projector RUN`. */
export function addProjectorCommand(program: Command): void {
  program
    .command("projector")
    .description(
      "write a run's document embeddings for TensorBoard's projector, with pictures where there are any",
    )
    .argument("<run>", "run folder")
    .option("--documents <n>", "documents drawn at random, at most", "10000")
    .option("--queries <n>", "queries drawn at random", "0")
    .option("--category <column>", "document column shown as the points' category", "document_category_id")
    .option("-o, --output <dir>", "default: <run>/tensorboard/embeddings")
    .action(
      async (
        dir: string,
        options: { documents: string; queries: string; category: string; output?: string },
      ) => {
        const listener = new TerminalListener();
        const output = options.output ?? path.join(openRun(dir).tensorboard, "embeddings");
        const count = await exportProjector(dir, output, {
          documents: wholeNumber("--documents", options.documents, 1),
          queries: wholeNumber("--queries", options.queries, 0),
          category: options.category,
        });
        listener.finish();
        process.stdout.write(
          `${count} points: ${output}\nlook at them with: tensorboard --logdir ${path.dirname(output)}\n`,
        );
      },
    );
}

/** Writes the projector's folder; returns the number of points. Drawn without replacement, seeded by the run. */
export async function exportProjector(
  dir: string,
  output: string,
  options: { documents: number; queries: number; category: string },
): Promise<number> {
  const random = new Random(openRun(dir).manifest().seed).fork("projector");
  const { embeddings, dim, points } = await embedRun(dir, {
    queries: options.queries,
    random,
    categoryColumn: options.category,
  });
  const documents = points.flatMap((point, row) => (point.kind === "document" ? [row] : []));
  const chosen = new Set(random.shuffle(documents).slice(0, options.documents));
  const rows = points.flatMap((point, row) => (point.kind === "query" || chosen.has(row) ? [row] : []));
  const vectors = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries())
    vectors.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  const files = rows
    .map((row) => points[row]!.pictureFile)
    .map((file) => (file !== undefined && fs.existsSync(file) ? file : null));
  await writeProjector(
    output,
    {
      vectors,
      dim,
      labels: {
        name: rows.map((row) => points[row]!.label),
        kind: rows.map((row) => points[row]!.kind),
        category: rows.map((row) => points[row]!.category),
      },
    },
    { pictures: files.some((file) => file !== null) ? files : null },
  );
  return rows.length;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new RangeError(`${flag}: must be a whole number ≥ ${least}, got ${text}`);
  return value;
}
