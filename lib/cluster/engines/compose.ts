import { IMAGE_USER } from "./containers.js";
import {
  dataArguments,
  type Engine,
  type Job,
  manifestYaml,
  mergeArguments,
  rowArguments,
  SCRIPT_HEAD,
  storeOf,
} from "./job.js";

/**
 * Docker Compose on one machine: data, then rows into the queue, then workers that end when nothing is left, then tables.
 *
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */
export const compose: Engine = {
  usesImage: true,
  files(job) {
    return {
      "compose.yaml": manifestYaml(composeFile(job)),
      "submit.sh": `${SCRIPT_HEAD}here=$(cd "$(dirname "$0")" && pwd)\ndocker compose -f "$here/compose.yaml" up --abort-on-container-failure\n`,
    };
  },
};

function composeFile(job: Job) {
  const { cpus, memoryGib, gpus } = job.resources;
  const isBucket = /^(s3|gs):/.test(job.store!);
  const service = (command: string[], after: string | null) => ({
    image: job.image!,
    command,
    user: `${IMAGE_USER}:${IMAGE_USER}`,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    volumes: [`reports:/app/reports`, ...(isBucket ? [] : [`${job.store}:${job.store}`])],
    ...(after !== null && { depends_on: { [after]: { condition: "service_completed_successfully" } } }),
  });
  const [threads] = rowArguments(job, "0").slice(-storeOf(job).length - 1);
  const devices = [{ driver: "nvidia", count: gpus, capabilities: ["gpu"] }];
  return {
    name: job.name,
    services: {
      data: service(dataArguments(job)!, null),
      queue: service(["sweep", job.plan, "--queue", ...storeOf(job)], "data"),
      worker: {
        ...service(["work", "--idle", "60", "--threads", threads!, ...storeOf(job)], "queue"),
        restart: "on-failure",
        deploy: {
          replicas: Math.min(job.parallel, job.rows),
          resources: {
            limits: { cpus: String(cpus), memory: `${memoryGib}G` },
            ...(gpus > 0 && { reservations: { devices } }),
          },
        },
      },
      report: service(mergeArguments(job), "worker"),
    },
    volumes: { reports: {} },
  };
}
