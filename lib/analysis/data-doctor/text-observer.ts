import type { Side } from "../../training/objectives/batch-task.js";

/** Sees every different text once while the data are read. */
export interface TextObserver {
  /**
   * @param part  of the census's parts; −1 for documents of a pool
   */
  text?(text: string, side: Side, index: number, part: number): void;
}
