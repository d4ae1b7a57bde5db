import { nearestName } from "../../config/nearest-name.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { argo } from "./argo.js";
import { compose } from "./compose.js";
import type { Engine, Job } from "./job.js";
import { kubernetes } from "./kubernetes.js";
import { localEngine } from "./local-engine.js";
import { slurm } from "./slurm.js";
import { vertex } from "./vertex.js";

/** Engines by name. */
export const ENGINES: Readonly<Record<string, Engine>> = {
  local: localEngine,
  slurm,
  kubernetes,
  argo,
  vertex,
  compose,
};

/**
 * The files that hand a job to an engine, by name.
 *
 * @throws UserError for an engine that is not known, and for what it needs and the job lacks
 */
export function manifestsOf(name: string, job: Job): Record<string, string> {
  const engine = ownEntry(ENGINES, name);
  if (engine === undefined) {
    const known = Object.keys(ENGINES);
    const nearest = nearestName(name, known);
    throw new UserError(
      `unknown engine "${name}"${nearest === null ? "" : `, nearest is ${nearest}`}; known: ${known.join(", ")}`,
    );
  }
  if (engine.usesImage) {
    if (job.image === null)
      throw new UserError(`submit: ${name} runs containers, needs --image or CONTAINER_IMAGE_URI, got none`);
    if (job.store === null)
      throw new UserError(`submit: ${name} needs a store that its machines share, by --store, got none`);
    const mounts = name === "kubernetes" || name === "argo";
    if (mounts && !/^(s3|gs):/.test(job.store) && job.claim === null)
      throw new UserError(
        `submit: ${name} needs --claim for a store that is a folder, or a bucket, got "${job.store}" alone`,
      );
  }
  return engine.files(job);
}
