import { containerOf, POD_SECURITY, volumesOf } from "./containers.js";
import {
  dataArguments,
  type Engine,
  type Job,
  manifestYaml,
  mergeArguments,
  qdrl,
  quoted,
  rowArguments,
  SCRIPT_HEAD,
} from "./job.js";

/**
 * An Argo Workflow: data, then all rows, then the tables, whichever rows failed.
 *
 * @see https://argo-workflows.readthedocs.io/en/latest/fields/
 */
export const argo: Engine = {
  usesImage: true,
  files(job) {
    return {
      "workflow.yaml": manifestYaml(workflow(job)),
      "submit.sh": `${SCRIPT_HEAD}here=$(cd "$(dirname "$0")" && pwd)
${qdrl()} ${dataArguments(job)!.map(quoted).join(" ")} || exit 1
argo submit "$here/workflow.yaml"
`,
    };
  },
};

function workflow(job: Job) {
  const { serviceAccount } = job;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { generateName: `${job.name}-`, labels: { "app.kubernetes.io/name": "qdrl" } },
    spec: {
      entrypoint: "sweep",
      parallelism: job.parallel,
      ...(serviceAccount !== null && { serviceAccountName: serviceAccount }),
      securityContext: POD_SECURITY,
      volumes: volumesOf(job),
      templates: [
        {
          name: "sweep",
          failFast: false,
          dag: {
            failFast: false,
            tasks: [
              { name: "data", template: "data" },
              {
                name: "rows",
                template: "row",
                depends: "data.Succeeded",
                withSequence: { count: String(job.rows) },
                arguments: { parameters: [{ name: "index", value: "{{item}}" }] },
              },
              { name: "report", template: "report", depends: "rows.Succeeded || rows.Failed" },
            ],
          },
        },
        { name: "data", container: containerOf(job, dataArguments(job)!) },
        {
          name: "row",
          inputs: { parameters: [{ name: "index" }] },
          activeDeadlineSeconds: String(job.hours * 3600),
          retryStrategy: {
            limit: String(job.retries),
            retryPolicy: "Always",
            expression: "lastRetry.exitCode != '42'",
            backoff: { duration: "30s", factor: "2" },
          },
          container: containerOf(job, rowArguments(job, "{{inputs.parameters.index}}")),
        },
        { name: "report", container: containerOf(job, mergeArguments(job)) },
      ],
    },
  };
}
