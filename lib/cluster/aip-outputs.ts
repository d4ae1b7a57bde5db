import fs from "node:fs";
import path from "node:path";
import { openObjects } from "../files/objects/open-objects.js";
import type { RunFolder } from "../tracking/run-folder.js";

/**
 * Copies a finished run's model and TensorBoard events to where Vertex AI looks for them, if it says where. Checkpoints
 * stay in the store: AIP_CHECKPOINT_DIR belongs to one job, and another one may go on with the row.
 *
 * @returns files copied
 * @see https://cloud.google.com/vertex-ai/docs/training/code-requirements#environment-variables
 */
export async function copyAipOutputs(run: RunFolder, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const places = [
    [path.dirname(run.model), env["AIP_MODEL_DIR"]],
    [run.tensorboard, env["AIP_TENSORBOARD_LOG_DIR"]],
  ] as const;
  let copied = 0;
  for (const [folder, address] of places) {
    if (!address || !fs.existsSync(folder)) continue;
    const objects = await openObjects(address);
    for (const name of fs.readdirSync(folder)) {
      await objects.put(name, fs.readFileSync(path.join(folder, name)));
      copied++;
    }
  }
  return copied;
}
