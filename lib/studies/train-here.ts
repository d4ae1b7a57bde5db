import { defaultListener, type Listener } from "../engine/progress.js";
import type { Sweep } from "../experiment/load-sweep.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { train } from "../training/train.js";

/** Trains the runs of a sweep that are not finished, one after the other in this process. */
export async function trainHere(
  { runs }: Pick<Sweep, "runs">,
  listener: Listener = defaultListener(),
): Promise<RunFolder[]> {
  const folders: RunFolder[] = [];
  for (const { config } of runs) folders.push(await train(config, { listener }));
  return folders;
}
