import { parentPort, workerData } from "node:worker_threads";
import { RowEncoder, type RowEncoding } from "./row-encoder.js";
import { serveBatches } from "./serve-batches.js";

const { encoding } = workerData as { encoding: RowEncoding };
serveBatches(parentPort!, new RowEncoder(encoding));
