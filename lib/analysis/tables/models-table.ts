import {
  absence,
  type CatalogueEntry,
  type ModelTask,
  modelCatalogue,
  modelFolder,
  startsFromScratch,
} from "../../encoders/pretrained/model-catalogue.js";
import type { EncoderLayer } from "../../encoders/tailor/encoder-layers.js";
import { UserError } from "../../files/user-error.js";
import { plainTable, type Table } from "../../reporting/table.js";

/** Models by task, whether they can be trained from here, and how large they are. */
export function modelsTable(task: ModelTask | null = null): Table {
  const tasks = [...new Set(modelCatalogue.map((entry) => entry.task))];
  if (task !== null && !tasks.includes(task))
    throw new UserError(`model list: task must be one of ${tasks.join(", ")}, got "${task}"`);
  const shown = modelCatalogue.filter((entry) => task === null || entry.task === task);
  return plainTable(
    ["name", "task", "numbers", "architecture", "parameters", "licence", "here"],
    shown.map((entry) => [
      ...[entry.name, entry.task, entry.outputDim === null ? "any" : String(entry.outputDim)],
      ...[entry.architecture, millions(entry), entry.licence, here(entry)],
    ]),
    { title: task === null ? "Models" : `Models, ${task}` },
  );
}

/** Everything known of a model, a line each. */
export function describedModel(entry: CatalogueEntry): string[] {
  const { name, aliases, task, outputDim, architecture, licence, description, source, note } = entry;
  return [
    `${name}: ${description}`,
    `  task ${task}, ${outputDim === null ? "as many numbers as configured" : `${outputDim} numbers`}, ${architecture}, ${millions(entry)} parameters`,
    `  from ${source}, ${licence}`,
    ...(aliases.length > 0 ? [`  also known as ${aliases.join(", ")}`] : []),
    `  ${startsFromScratch(entry) ? note : (modelFolder(entry) ?? absence(entry))}`,
  ];
}

function millions({ millions: count }: CatalogueEntry): string {
  return count === null ? "as configured" : `${count} million`;
}

function here(entry: CatalogueEntry): string {
  if (startsFromScratch(entry)) return "yes";
  const folder = modelFolder(entry);
  if (folder !== null) return folder;
  return entry.importFrom === null ? "no" : `qdrl model import ${entry.importFrom}`;
}

/** Layers as the fine-tuner's tailor showed them; `frozen` where an optimiser leaves them alone. */
export function layersTable(layers: readonly EncoderLayer[], title: string): Table {
  return plainTable(
    ["name", "output_shape_display", "nb_params", "trainable", "embedding"],
    layers.map(({ name, outputShape, parameters, trainable, embedding }) => [
      ...[name, `[${outputShape.join(", ")}]`, parameters.toLocaleString("en")],
      ...[trainable ? "yes" : "frozen", embedding ? "yes" : ""],
    ]),
    { title },
  );
}
