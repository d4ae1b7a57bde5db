import type { Command } from "commander";
import { buildImage, pushImage } from "../../cluster/container-image.js";
import { pushData } from "../../cluster/stored-data.js";
import { sendJob, uploadPlan, writeJob } from "../../cluster/submit.js";
import { loadPlan } from "../../cluster/sweep-plan.js";
import { openObjects } from "../../files/objects/open-objects.js";
import { UserError } from "../../files/user-error.js";
import { checkFlags, numberFrom, seedList, wholeNumber } from "../flags.js";

interface SubmitFlags {
  engine: string;
  store?: string;
  image?: string;
  set?: string[];
  seeds?: string;
  output?: string;
  cpus: string;
  memory: string;
  disk: string;
  gpus: string;
  gpuType?: string;
  parallel: string;
  hours: string;
  retries: string;
  claim?: string;
  serviceAccount?: string;
  region: string;
  build?: boolean;
  upload?: boolean;
  send?: boolean;
}

/** `qdrl submit FILE`. */
export function addSubmitCommand(program: Command): void {
  program
    .command("submit")
    .description(
      "write what an engine needs to run every row of a sweep, or one experiment, on machines; --send hands it over",
    )
    .argument("<file>", "a sweep or an experiment, e.g. configs/sweeps/temperature.yaml")
    .requiredOption("--engine <name>", "local, slurm, kubernetes, argo, vertex or compose")
    .option("--store <address>", "folder, s3:// or gs:// that machines share (or QDRL_STORE)")
    .option("--image <name>", "container image (or CONTAINER_IMAGE_URI)")
    .option("--set <key=value...>", "override a key in every run")
    .option("--seeds <list>", "instead of the file's, e.g. 1,2,3")
    .option("-o, --output <dir>", "folder for the files (default: reports/jobs/<task>-<engine>)")
    .option("--cpus <n>", "of a row", "2")
    .option("--memory <gib>", "of a row", "4")
    .option("--disk <gib>", "of a row", "10")
    .option("--gpus <n>", "of a row", "0")
    .option("--gpu-type <name>", "as the engine calls it, e.g. NVIDIA_TESLA_T4")
    .option("--parallel <n>", "rows at once", "8")
    .option("--hours <n>", "the most that a row may take", "24")
    .option("--retries <n>", "of a row that fails", "3")
    .option("--claim <name>", "Kubernetes, Argo: volume claim mounted at a store that is a folder")
    .option("--service-account <name>", "that may use the store")
    .option("--region <name>", "of Vertex", "europe-west4")
    .option("--build", "build the image and push it first")
    .option("--upload", "put the plan, with every configuration resolved, and the data sets into the store")
    .option("--send", "upload, and hand the files to the engine's own client")
    .action(async (file: string, typed: SubmitFlags) => {
      const flags = checkFlags(typed, {
        seeds: seedList.optional(),
        ...{ cpus: numberFrom(0.1), memory: numberFrom(0.5), disk: wholeNumber(1), gpus: wholeNumber(0, 16) },
        ...{ parallel: wholeNumber(1), hours: wholeNumber(1), retries: wholeNumber(0, 10) },
      });
      const { engine, cpus, memory, disk, gpus, gpuType, parallel, hours, retries, region } = flags;
      const store = flags.store ?? process.env["QDRL_STORE"] ?? null;
      const image = flags.image ?? process.env["CONTAINER_IMAGE_URI"] ?? null;
      const plan = await loadPlan(file, flags.set ?? [], flags.seeds);
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      const folder = flags.output ?? `reports/jobs/${plan.task}-${engine}`;
      const resources = { cpus, memoryGib: memory, diskGib: disk, gpus, gpuType: gpuType ?? null };
      const claims = { claim: flags.claim ?? null, serviceAccount: flags.serviceAccount ?? null };
      const job = writeJob(
        engine,
        plan,
        { store, image, resources, parallel, hours, retries, region, ...claims },
        folder,
      );
      say(
        `${plan.rows.length} rows for ${engine}: ${job.files.length > 6 ? `${job.files.length} files` : job.files.join(", ")} in ${folder}`,
      );
      if (flags.build) {
        if (image === null)
          throw new UserError("submit: --build needs --image or CONTAINER_IMAGE_URI, got none");
        await buildImage({ name: image, kind: gpus > 0 ? "cuda" : "cpu" });
        await pushImage(image);
      }
      if (flags.upload || flags.send) {
        if (store !== null) {
          say(`plan: ${await uploadPlan(plan, store)}`);
          await pushData(plan, await openObjects(store), false, say);
        } else if (flags.upload)
          throw new UserError("submit: --upload needs a store, by --store or QDRL_STORE, got none");
      }
      if (flags.send) await sendJob(job);
      else
        say(
          `next: ${store === null || flags.upload ? "" : "qdrl submit with --upload, then "}bash ${folder}/submit.sh${store === null || flags.upload ? "" : "; or both by --send"}`,
        );
    });
}
