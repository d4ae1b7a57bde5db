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
 * An Indexed Job: a row for each completion index, tried again by itself (Kubernetes 1.33 or later). Exit code 42 fails the index
 * for good; pods that a node's end took along are not counted. `nodepool.yaml` is a start for Karpenter, which makes
 * nodes for what the rows ask for.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/
 * @see https://karpenter.sh/docs/concepts/nodepools/
 */
export const kubernetes: Engine = {
  usesImage: true,
  files(job) {
    return {
      "job.yaml": manifestYaml(indexedJob(job)),
      "nodepool.yaml": manifestYaml(nodePool(job)),
      "submit.sh": `${SCRIPT_HEAD}here=$(cd "$(dirname "$0")" && pwd)
${qdrl()} ${dataArguments(job)!.map(quoted).join(" ")} || exit 1
kubectl apply -f "$here/job.yaml" || exit 1
echo "tables, once kubectl wait --for=condition=complete job/${job.name} returns: ${qdrl()} ${mergeArguments(job).map(quoted).join(" ")}"
`,
    };
  },
};

function indexedJob(job: Job) {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: job.name, labels: { "app.kubernetes.io/name": "qdrl" } },
    spec: {
      completionMode: "Indexed",
      completions: job.rows,
      parallelism: Math.min(job.parallel, job.rows),
      backoffLimitPerIndex: job.retries,
      maxFailedIndexes: job.rows, // a row that fails does not end the others
      ttlSecondsAfterFinished: 7 * 86_400,
      podFailurePolicy: {
        rules: [
          {
            action: "FailIndex",
            onExitCodes: { containerName: "row", operator: "In", values: [42] },
          },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      template: {
        metadata: { labels: { "app.kubernetes.io/name": "qdrl" } },
        spec: {
          restartPolicy: "Never",
          activeDeadlineSeconds: job.hours * 3600,
          terminationGracePeriodSeconds: 60,
          ...(job.serviceAccount !== null && { serviceAccountName: job.serviceAccount }),
          securityContext: POD_SECURITY,
          containers: [{ name: "row", ...containerOf(job, rowArguments(job, "$(JOB_COMPLETION_INDEX)")) }],
          volumes: volumesOf(job),
        },
      },
    },
  };
}

function nodePool(job: Job) {
  const { cpus, memoryGib } = job.resources;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: job.name },
    spec: {
      template: {
        spec: {
          requirements: [
            { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot", "on-demand"] },
            { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
          ],
          // of the cloud that Karpenter runs in; this one is of AWS
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          expireAfter: "Never",
        },
      },
      limits: {
        cpu: String(Math.ceil(cpus * job.parallel)),
        memory: `${Math.ceil(memoryGib * job.parallel)}Gi`,
      },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "1m" },
    },
  };
}
