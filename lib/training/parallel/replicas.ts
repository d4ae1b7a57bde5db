import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compiledFolder, moduleFile } from "../../files/package-files.js";
import { UserError } from "../../files/user-error.js";
import { type MessagePipe, pipeWithDescriptors } from "./message-pipe.js";
import type { Answer, Order, ReplicaSource } from "./replica.js";

/** The processes that train beside this one, ranks 1 to count; this one is rank 0. */
export class Replicas {
  private readonly members: { pipe: MessagePipe; child: ChildProcess }[];
  private open = true;

  /**
   * Starts `count` processes and waits until each has made its replica. With the native library each sees one GPU, the one with
   * its rank among those that this process may use.
   *
   * @throws UserError with the process's own words if one cannot
   */
  constructor(count: number, source: ReplicaSource, backend: string) {
    this.members = Array.from({ length: count }, (_, i) => startMember(i + 1));
    this.forAll((rank) => this.send(rank, { kind: "make", source, backend }));
    this.forAll((rank) => this.receive(rank));
  }

  get count(): number {
    return this.members.length;
  }

  /** Process ids by rank, beginning with rank 1. */
  get pids(): number[] {
    return this.members.map(({ child }) => child.pid!);
  }

  send(rank: number, order: Order): void {
    if (!this.members[rank - 1]!.pipe.send(order)) this.lost(rank);
  }

  /** Waits for the next answer. @throws UserError if the process has ended or failed */
  receive(rank: number): Answer {
    const answer = this.members[rank - 1]!.pipe.receive<Answer>();
    if (answer === null) return this.lost(rank);
    if (answer.kind !== "failed") return answer;
    this.close();
    throw new UserError(`data_parallel: process ${rank} of ${this.count + 1} failed: ${answer.message}`);
  }

  forAll(act: (rank: number) => void): void {
    for (let rank = 1; rank <= this.count; rank++) act(rank);
  }

  /** Ends all processes. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const { pipe } of this.members) pipe.close();
  }

  private lost(rank: number): never {
    this.close();
    throw new UserError(
      `data_parallel: process ${rank} of ${this.count + 1} must live as long as the training, but it ended; the same command goes on from the last checkpoint`,
    );
  }
}

/** Restricts TensorFlow, which is yet to be loaded, to the GPU of rank 0, as every replica is to its own. */
export function takeFirstDevice(): void {
  process.env.CUDA_VISIBLE_DEVICES = deviceOf(0);
}

const visible = process.env.CUDA_VISIBLE_DEVICES?.split(",") ?? null;

/** The GPU of a rank: of those that the environment names, or the number itself. */
function deviceOf(rank: number): string {
  return visible ? (visible[rank] ?? "") : String(rank);
}

function startMember(rank: number): { pipe: MessagePipe; child: ChildProcess } {
  const { pipe, inherited } = pipeWithDescriptors();
  const folder = compiledFolder();
  const loader = folder === null ? "tsx" : pathToFileURL(path.join(folder, "start.js")).href;
  const file = moduleFile("lib/training/parallel/replica-worker.ts");
  const child = spawn(process.execPath, ["--import", loader, file], {
    stdio: ["ignore", "ignore", "inherit", ...inherited],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: deviceOf(rank) },
  });
  child.unref();
  for (const descriptor of inherited) fs.closeSync(descriptor);
  return { pipe, child };
}
