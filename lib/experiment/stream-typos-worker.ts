import { parentPort, workerData } from "node:worker_threads";
import type { CleaningName } from "../tokenizer/text-cleaning.js";
import type { TyposConfig } from "./sections/typos.js";
import { RowEncoder, type RowEncoding } from "./stream/row-encoder.js";
import { serveBatches } from "./stream/serve-batches.js";
import { streamTypos } from "./stream-typos.js";

const { encoding, misspelling } = workerData as {
  encoding: RowEncoding;
  misspelling: { typos: TyposConfig; cleaning: CleaningName };
};
serveBatches(
  parentPort!,
  new RowEncoder(encoding),
  streamTypos(misspelling.typos, misspelling.cleaning).make,
);
