import type { Command } from "commander";
import { decodeDefaults } from "../../datasets/images/decode-picture.js";
import { pictureCells } from "../../datasets/images/picture-cells.js";
import { extractPictures } from "../../encoders/extract-pictures.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { checkFlags, finiteNumber, listOf, wholeNumber } from "../flags.js";

type Three = [number, number, number];

const channels = listOf(finiteNumber).refine((values) => values.length === 3, {
  error: "must be three numbers with commas between",
});

/** `qdrl extract DATASET --model FILE`. */
export function addExtractCommand(program: Command): void {
  program
    .command("extract")
    .description(
      "features of a data set's pictures from a frozen ONNX model, as a file of precomputed vectors",
    )
    .argument("<dataset>", "data-set folder, e.g. data/emoji")
    .requiredOption("--model <file>", "ONNX file, or hf:owner/name/path.onnx to fetch it")
    .requiredOption("-o, --output <name>", "writes <name>.npy and <name>.keys.txt")
    .option(
      "--column <name>",
      "picture column of the documents, or of the queries of all parts",
      "document_picture",
    )
    .option("--size <pixels>", "side of the model's input", "224")
    .option("--mean <r,g,b>", "of pixel / 255", "0.485,0.456,0.406")
    .option("--std <r,g,b>", "of pixel / 255", "0.229,0.224,0.225")
    .option("--channels-last", "the model reads batch, height, width, channels")
    .option("--output-name <name>", "output of the model; default: its first")
    .action(
      async (
        dir: string,
        options: {
          model: string;
          output: string;
          column: string;
          size: string;
          mean: string;
          std: string;
          channelsLast?: boolean;
          outputName?: string;
        },
      ) => {
        const { size, mean, std } = checkFlags(options, {
          size: wholeNumber(1, 4096),
          mean: channels,
          std: channels,
        });
        const listener = new TerminalListener();
        const result = await extractPictures({
          ...decodeDefaults,
          size,
          model: options.model,
          mean: mean as Three,
          std: std as Three,
          layout: options.channelsLast ? "nhwc" : "nchw",
          output: options.outputName ?? null,
          cells: await pictureCells(dir, options.column),
          folders: [dir, "."],
          out: options.output,
          cacheDir: "data/.pictures",
          listener,
        });
        listener.finish();
        process.stdout.write(
          `${options.output}.npy: ${result.extracted} pictures extracted, ${result.fromCache} from the cache, ${result.dim} numbers each\n`,
        );
      },
    );
}
