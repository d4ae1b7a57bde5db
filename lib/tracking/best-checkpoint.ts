import fs from "node:fs";
import {
  readTensorFile,
  type StoredTensor,
  type WritableTensor,
  writeTensorFile,
} from "../files/safetensors.js";

/**
 * Whether to stop after `epochsTrained` epochs: the last `patience` of them brought nothing better than epoch `best`
 * (from 0). The course stops when early_stop ≤ epochsTrained − best, which is a patience of early_stop − 1.
 *
 * @see specs: 2-dense-retrieval-course, vector early_stop_rule, quirk 11
 */
export function patienceIsOver(patience: number, best: number, epochsTrained: number): boolean {
  return epochsTrained - (best + 1) >= patience;
}

/** The epoch with the lowest validation loss and a copy of its parameters, in a file of the run. */
export class BestCheckpoint {
  private known: { epoch: number; loss: number } | null = null;

  /** Takes up a file that an earlier call of the run left. */
  constructor(readonly file: string) {
    if (!fs.existsSync(file)) return;
    const { metadata } = readTensorFile(file);
    this.known = { epoch: Number(metadata["epoch"]), loss: Number(metadata["loss"]) };
  }

  /** Epoch from 0 and its loss; null before the first. */
  get best(): { epoch: number; loss: number } | null {
    return this.known;
  }

  /** Keeps the parameters if the loss is lower than every one before. */
  offer(epoch: number, loss: number, parameters: () => Record<string, WritableTensor>, kind: string): void {
    if (!(loss < (this.known?.loss ?? Infinity))) return;
    this.known = { epoch, loss };
    writeTensorFile(this.file, parameters(), {
      format: "qdrl-model-1",
      kind,
      epoch: String(epoch),
      loss: String(loss),
    });
  }

  parameters(): Record<string, StoredTensor> {
    return readTensorFile(this.file).tensors;
  }

  /** Forgets everything, for a run that starts over. */
  clear(): void {
    fs.rmSync(this.file, { force: true });
    this.known = null;
  }
}
