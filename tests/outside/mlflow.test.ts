import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { mlflow } from "../../lib/training/callbacks/mlflow.js";
import { fit } from "../../lib/training/fit/fit.js";
import { classData, spec } from "../training/fit/toy.js";
import { pythonWith } from "./places.js";

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("an MLflow server takes a fit's parameters, losses and rates, and says how it ended", async ({ task }) => {
  const packages = ["mlflow==3.17.2"];
  Object.assign(task.meta, { against: packages[0] });
  const python = await pythonWith(packages);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-mlflow-"));
  const port = await freePort();
  const server = spawn(
    python,
    [
      ...["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...["--backend-store-uri", `sqlite:///${folder}/mlflow.db`, "--default-artifact-root", folder],
    ],
    { cwd: folder, stdio: "ignore", detached: true },
  );
  const base = `http://127.0.0.1:${port}`;
  try {
    for (let tries = 0; ; tries++) {
      const alive = await fetch(`${base}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (alive) break;
      if (tries > 240) throw new Error("MLflow's server does not answer");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await selectBackend("wasm");
    const options = { experiment: "toys", runName: "two epochs", params: { note: "a fit" } };
    const common = { model: spec, trainData: classData(), loss: "sup_con", batchSize: 20, epochs: 2 };
    const logger = mlflow({ trackingUri: base, ...options });
    const { history } = await fit({ ...common, callbacks: [logger] });
    // biome-ignore lint/suspicious/noExplicitAny: answers differ in shape
    const get = async (route: string): Promise<any> =>
      (await fetch(`${base}/api/2.0/mlflow/${route}`)).json();
    const { run } = await get(`runs/get?run_id=${logger.runId}`);
    expect(run.info).toMatchObject({ status: "FINISHED", run_name: "two epochs" });
    const { params, metrics } = run.data as Record<"params" | "metrics", { key: string; value: unknown }[]>;
    expect(Object.fromEntries(params.map(({ key, value }) => [key, value]))).toMatchObject({
      epochs: "2",
      note: "a fit",
    });
    expect(metrics.map(({ key }) => key).sort()).toEqual(["lr/group_0", "train/loss"]);
    const losses = await get(`metrics/get-history?run_id=${logger.runId}&metric_key=train/loss`);
    const values = (losses.metrics as { step: number; value: number }[]).map(({ value }) => value);
    const half = values.length / 2;
    const mean = values.slice(half).reduce((a, b) => a + b, 0) / half;
    expect(mean).toBeCloseTo(history[1]!.trainLoss, 6);
    // a fit that fails says so too, in the same experiment
    const failing = mlflow({ trackingUri: base, ...options });
    const bomb = {
      name: "bomb",
      on: {
        epoch_end: () => {
          throw new Error("bang");
        },
      },
    };
    await expect(fit({ ...common, callbacks: [failing, bomb] })).rejects.toThrow("bang");
    expect((await get(`runs/get?run_id=${failing.runId}`)).run.info.status).toBe("FAILED");
  } finally {
    process.kill(-server.pid!);
    fs.rmSync(folder, { recursive: true, force: true });
  }
  await expect(
    fit({
      ...{ model: spec, trainData: classData(), loss: "sup_con", batchSize: 20, epochs: 1 },
      callbacks: [mlflow({ trackingUri: base })],
    }),
  ).rejects.toThrow(/mlflow: http:.* must answer, got ECONNREFUSED/);
});
