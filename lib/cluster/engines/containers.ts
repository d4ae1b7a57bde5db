import type { Job } from "./job.js";

/** The user that the images of tools/containers run as. */
export const IMAGE_USER = 10_001;

/** A pod's identity: no root, nothing that a kernel would have to allow. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: IMAGE_USER,
  runAsGroup: IMAGE_USER,
  fsGroup: IMAGE_USER,
  seccompProfile: { type: "RuntimeDefault" },
};

/** A row's container, as Kubernetes and Argo have it. Requests are what a node autoscaler makes nodes for. */
export function containerOf(job: Job, args: readonly string[]) {
  const { cpus, memoryGib, diskGib, gpus } = job.resources;
  return {
    image: job.image!,
    args: [...args],
    resources: {
      requests: { cpu: String(cpus), memory: `${memoryGib}Gi`, "ephemeral-storage": `${diskGib}Gi` },
      limits: {
        memory: `${memoryGib}Gi`,
        "ephemeral-storage": `${diskGib}Gi`,
        ...(gpus > 0 && { "nvidia.com/gpu": String(gpus) }),
      },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "work", mountPath: "/app/reports" },
      ...(job.claim === null ? [] : [{ name: "store", mountPath: job.store! }]),
    ],
  };
}

/** The volumes that {@link containerOf} mounts. */
export function volumesOf({ claim }: Job) {
  return [
    { name: "work", emptyDir: {} },
    ...(claim === null ? [] : [{ name: "store", persistentVolumeClaim: { claimName: claim } }]),
  ];
}
