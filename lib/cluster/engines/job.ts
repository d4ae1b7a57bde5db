import { stringify } from "yaml";
import { compiledFolder } from "../../files/package-files.js";

/** What an engine needs to know to run every row of a plan. */
export interface Job {
  /** letters, digits and hyphens, as Kubernetes names things */
  name: string;
  /** where rows find the plan: an address of the store, or a file where there is no store */
  plan: string;
  /** rows, from 0 */
  rows: number;
  /** the folder, s3:// or gs:// address that machines share; null: run folders on this file system alone */
  store: string | null;
  /** container image; null where none is used */
  image: string | null;
  resources: {
    cpus: number;
    memoryGib: number;
    diskGib: number;
    gpus: number;
    /** as the engine names it, such as NVIDIA_TESLA_T4; null: any */
    gpuType: string | null;
  };
  /** rows at once */
  parallel: number;
  /** the most that a row may take */
  hours: number;
  /** tries of a row after its first; disruptions are not counted where an engine can tell */
  retries: number;
  /** Kubernetes and Argo: volume claim that holds a store that is a folder */
  claim: string | null;
  /** identity that may read and write the store; null: the engine's default */
  serviceAccount: string | null;
  /** Vertex: where its jobs run, such as europe-west4 */
  region: string;
}

/** A way to run the rows of a plan on machines. */
export interface Engine {
  /** Whether containers are run, so that an image is needed. */
  usesImage: boolean;
  /** Files by name: the manifest, and `submit.sh`, which hands it to the engine's own client. */
  files(job: Job): Record<string, string>;
}

/** Arguments of qdrl for a row. @param index its number, or what the engine puts in its place */
export function rowArguments(job: Job, index: string): string[] {
  const { cpus } = job.resources;
  return [
    "sweep",
    job.plan,
    "--row",
    index,
    "--threads",
    String(Math.max(1, Math.floor(cpus))),
    ...storeOf(job),
  ];
}

/** Arguments of qdrl that put the data sets into the store; null without a store. */
export function dataArguments(job: Job): string[] | null {
  return job.store === null ? null : ["sweep", job.plan, "--data", ...storeOf(job)];
}

/** Arguments of qdrl for the tables of finished rows. */
export function mergeArguments(job: Job): string[] {
  return ["sweep", job.plan, "--merge", ...storeOf(job)];
}

export function storeOf({ store }: Job): string[] {
  return store === null ? [] : ["--store", store];
}

/** A manifest as YAML, without anchors and folded lines. */
export function manifestYaml(...documents: object[]): string {
  return documents
    .map((value) => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 }))
    .join("---\n");
}

/** The command line from the folder that scripts are started in: the workspace's own, or that of the installed package. */
export function qdrl(): string {
  return compiledFolder() === null ? "node tools/qdrl.mjs" : "npx qdrl";
}

/** A word of a shell's command line that stands for itself. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The head of every script. */
export const SCRIPT_HEAD = "#!/usr/bin/env bash\nset -u -o pipefail\n";
