import fs from "node:fs";
import os from "node:os";

/**
 * Which process of which machine: a process id alone comes again, after a restart in a container at once. What the
 * system does not tell (outside Linux) is "".
 */
export interface ProcessIdentity {
  host: string;
  /** changes whenever the machine starts */
  boot: string;
  /** where the process id counts: containers of one machine have one each */
  namespace: string;
  pid: number;
  /** when the process started, in clock ticks since the machine did */
  start: string;
}

let own: ProcessIdentity | null = null;

export function thisProcess(): ProcessIdentity {
  own ??= {
    host: os.hostname(),
    boot: readOr("", () => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    namespace: readOr("", () => fs.readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    start: startOf(process.pid),
  };
  return own;
}

/**
 * Whether a process is still there: it is known where ids count as they do here, and on this machine since its last
 * start; "unknown" elsewhere.
 */
export function lifeOf(other: ProcessIdentity): "alive" | "gone" | "unknown" {
  const here = thisProcess();
  if (other.boot !== here.boot) return other.host === here.host ? "gone" : "unknown";
  if (here.boot === "" || other.namespace !== here.namespace) return "unknown";
  return other.start === startOf(other.pid) ? "alive" : "gone";
}

/** Field 22 of /proc/<pid>/stat, counted from behind the name, which may hold anything; "" without such a process. */
function startOf(pid: number): string {
  const stat = readOr("", () => fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
