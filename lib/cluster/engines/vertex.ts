import { UserError } from "../../files/user-error.js";
import {
  type Engine,
  type Job,
  manifestYaml,
  mergeArguments,
  qdrl,
  quoted,
  rowArguments,
  SCRIPT_HEAD,
} from "./job.js";

/** Processors and memory of machines that take accelerators, in GiB. */
const MACHINES = [4, 8, 16, 32, 64, 96].map((cpus) => ({ cpus, memoryGib: 3.75 * cpus }));

/**
 * A custom job of Vertex AI for each row, which the service restarts when its machine is taken away. The plan is read through the
 * mount of the bucket at /gcs; the model and TensorBoard's events of a finished row are copied to where AIP_MODEL_DIR and
 * AIP_TENSORBOARD_LOG_DIR point.
 *
 * @see https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec
 */
export const vertex: Engine = {
  usesImage: true,
  files(job) {
    if (!job.store!.startsWith("gs://"))
      throw new UserError(`submit: a store of Vertex must be gs://bucket/prefix, got "${job.store}"`);
    const files: Record<string, string> = {};
    const names = Array.from({ length: job.rows }, (_, i) => `row-${String(i).padStart(4, "0")}`);
    names.forEach((name, i) => {
      files[`${name}.yaml`] = manifestYaml(customJobSpec(job, i, name));
    });
    files["submit.sh"] = `${SCRIPT_HEAD}here=$(cd "$(dirname "$0")" && pwd)
${qdrl()} sweep ${quoted(`${job.store}/${planName(job)}`)} --data --store ${quoted(job.store!)} || exit 1
for row in ${names.join(" ")}; do
  gcloud ai custom-jobs create --region=${quoted(job.region)} --display-name="${job.name}-$row-$(date +%Y%m%d-%H%M%S)" --labels=app=qdrl --config="$here/$row.yaml" || exit 1
done
echo "tables, once all are done: ${qdrl()} ${mergeArguments({ ...job, plan: `${job.store}/${planName(job)}` })
      .map(quoted)
      .join(" ")}"
`;
    return files;
  },
};

function planName({ plan, store }: Job): string {
  return plan.slice(mounted(store!).length + 1);
}

/** Where a gs:// address is seen as files. */
export function mounted(address: string): string {
  return address.replace(/^gs:\/\//, "/gcs/");
}

function customJobSpec(job: Job, index: number, name: string) {
  const { cpus, memoryGib, diskGib, gpus, gpuType } = job.resources;
  const machine = MACHINES.find((one) => one.cpus >= cpus && one.memoryGib >= memoryGib);
  if (!machine)
    throw new UserError(
      `submit: Vertex has machines of up to 96 CPUs and 360 GiB here, got ${cpus} CPUs and ${memoryGib} GiB`,
    );
  if (gpus > 0 && gpuType === null)
    throw new UserError("submit: Vertex needs --gpu-type, such as NVIDIA_TESLA_T4, with --gpus, got none");
  return {
    workerPoolSpecs: [
      {
        machineSpec: {
          machineType: `n1-standard-${machine.cpus}`,
          ...(gpus > 0 && { acceleratorType: gpuType!, acceleratorCount: gpus }),
        },
        replicaCount: "1",
        diskSpec: { bootDiskType: "pd-ssd", bootDiskSizeGb: Math.max(100, diskGib) },
        containerSpec: {
          imageUri: job.image!,
          args: rowArguments(job, String(index)),
          env: [
            { name: "CONTAINER_IMAGE_URI", value: job.image! },
            { name: "CONFIG_URL", value: `${job.store}/${planName(job)}` },
          ],
        },
      },
    ],
    scheduling: { timeout: `${job.hours * 3600}s`, restartJobOnWorkerRestart: true, strategy: "SPOT" },
    baseOutputDirectory: { outputUriPrefix: `${job.store}/vertex/${job.name}/${name}` },
    ...(job.serviceAccount !== null && { serviceAccount: job.serviceAccount }),
  };
}
