import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { freePort } from "./stores.js";

/** A Slurm of one node, all of it in a folder, with daemons of its own. */
export interface TriedSlurm {
  /** what sbatch and its kin need to reach it */
  env: Record<string, string>;
  stop(): void;
}

/** Starts munged, slurmctld and slurmd in the foreground, and waits until the node takes jobs. */
export async function startSlurm(folder: string): Promise<TriedSlurm> {
  for (const name of ["state", "spool"]) fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.chmodSync(folder, 0o755);
  const key = path.join(folder, "munge.key");
  const socket = path.join(folder, "munge.socket");
  fs.writeFileSync(key, randomBytes(1024), { mode: 0o400 });
  const host = os.hostname().split(".")[0]!;
  const conf = path.join(folder, "slurm.conf");
  fs.writeFileSync(
    conf,
    `ClusterName=tried
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${socket}
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MailProg=/bin/true
NodeName=${host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 TmpDisk=20000
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { SLURM_CONF: conf };
  const files = ["log", "pid", "seed"].map((kind) => `--${kind}-file=${folder}/munge.${kind}`);
  const daemons: ChildProcess[] = [];
  const start = (command: string, args: string[]) =>
    daemons.push(spawn(command, args, { env: { ...process.env, ...env }, stdio: "ignore" }));
  const stop = () => {
    for (const daemon of daemons.reverse()) daemon.kill("SIGKILL");
  };
  start("munged", ["--foreground", "--force", `--key-file=${key}`, `--socket=${socket}`, ...files]);
  start("slurmctld", ["-D"]);
  start("slurmd", ["-D", "-N", host]);
  for (const began = performance.now(); performance.now() - began < 120_000; ) {
    if (sinfo(env).trim() === "idle") return { env, stop };
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  stop();
  throw new Error(`outside: the node of Slurm must be idle within two minutes, is "${sinfo(env).trim()}"`);
}

function sinfo(env: Record<string, string>): string {
  const options = { env: { ...process.env, ...env }, encoding: "utf8" } as const;
  return spawnSync("sinfo", ["--noheader", "--format=%T"], options).stdout ?? "";
}
