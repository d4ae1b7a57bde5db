import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import v8 from "node:v8";
import { UserError } from "../../files/user-error.js";

/**
 * Messages between two processes that wait for one another: sending and receiving block, as the middle of a tfjs tape cannot be
 * left and come back to. A message is whatever v8 serialises, behind its length in eight bytes.
 */
export class MessagePipe {
  constructor(
    private readonly from: number,
    private readonly to: number,
  ) {}

  /** @returns false if nobody reads any more */
  send(message: unknown): boolean {
    const body = v8.serialize(message);
    const head = Buffer.alloc(8);
    head.writeDoubleLE(body.byteLength);
    try {
      for (const bytes of [head, body])
        for (let at = 0; at < bytes.byteLength; ) at += fs.writeSync(this.to, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EPIPE") return false;
      throw error;
    }
    return true;
  }

  /** @returns null if the other process has ended */
  receive<T>(): T | null {
    const head = this.read(8);
    const body = head && this.read(head.readDoubleLE());
    return body ? (v8.deserialize(body) as T) : null;
  }

  close(): void {
    fs.closeSync(this.from);
    fs.closeSync(this.to);
  }

  private read(bytes: number): Buffer | null {
    const out = Buffer.allocUnsafeSlow(bytes);
    for (let at = 0; at < bytes; ) {
      const count = fs.readSync(this.from, out, at, bytes - at, null);
      if (count === 0) return null;
      at += count;
    }
    return out;
  }
}

/** Both ends of two named pipes, open: ours as a {@link MessagePipe}, the other's as descriptors for a process to inherit. */
export function pipeWithDescriptors(): { pipe: MessagePipe; inherited: [from: number, to: number] } {
  const folder = fs.mkdtempSync(path.join(tmpdir(), "qdrl-pipe-"));
  try {
    const [down, up] = ["down", "up"].map((name) => openPipe(path.join(folder, name))) as [Ends, Ends];
    return { pipe: new MessagePipe(up.from, down.to), inherited: [down.from, up.to] };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

interface Ends {
  from: number;
  to: number;
}

/** A writer can be opened only beside a reader, and a reader that does not block is the one that can be opened first. */
function openPipe(file: string): Ends {
  try {
    execFileSync("mkfifo", ["-m", "600", file], { stdio: "ignore" });
  } catch {
    throw new UserError(`data_parallel: must be 1 where there are no named pipes (mkfifo), got more`);
  }
  const { O_RDONLY, O_NONBLOCK, O_WRONLY } = fs.constants;
  const first = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  const to = fs.openSync(file, O_WRONLY);
  const from = fs.openSync(file, O_RDONLY);
  fs.closeSync(first);
  return { from, to };
}
