import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { pythonWith } from "./places.js";

/** A store to be tried, and the server behind it. */
export interface TriedStore {
  address: string;
  /** what the tests' processes need to reach it */
  env: Record<string, string>;
  /** package and version of the server; "" for a folder */
  against: string;
  stop(): void;
}

const MOTO = "moto[s3,server]==5.2.5";
const FAKE_GCS = "github.com/fsouza/fake-gcs-server@v1.52.2";

/** A new empty store of a kind; its server is installed and started first. */
export async function startStore(kind: "folder" | "s3" | "gs", folder: string): Promise<TriedStore> {
  if (kind === "folder") return { address: path.join(folder, "store"), env: {}, against: "", stop: () => {} };
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const server = kind === "s3" ? await startMoto(port) : startFakeGcs(port);
  const stop = () => void server.kill("SIGKILL");
  await answers(origin);
  if (kind === "gs") {
    await fetch(`${origin}/storage/v1/b?project=p`, {
      method: "POST",
      body: JSON.stringify({ name: "qdrl" }),
    });
    return { address: "gs://qdrl/tried", env: { STORAGE_EMULATOR_HOST: origin }, against: FAKE_GCS, stop };
  }
  const env = {
    AWS_ENDPOINT_URL_S3: origin,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
  };
  await fetch(`${origin}/qdrl`, { method: "PUT" });
  return { address: "s3://qdrl/tried", env, against: MOTO, stop };
}

async function startMoto(port: number): Promise<ChildProcess> {
  const python = await pythonWith([MOTO]);
  return spawn(python, ["-m", "moto.server", "-p", String(port)], { stdio: "ignore" });
}

function startFakeGcs(port: number): ChildProcess {
  const folder = path.resolve(".cache/outside/go");
  const binary = path.join(folder, "bin/fake-gcs-server");
  if (!fs.existsSync(binary)) {
    const env = { ...process.env, GOPATH: folder, GOFLAGS: "-modcacherw" };
    execFileSync("go", ["install", FAKE_GCS], { env, stdio: ["ignore", "pipe", "pipe"] });
  }
  const args = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", String(port)];
  return spawn(binary, args, { stdio: "ignore" });
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a server answers, whatever it says. */
async function answers(origin: string): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 60_000; ) {
    if (
      await fetch(origin).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`outside: ${origin} must answer within a minute`);
}
