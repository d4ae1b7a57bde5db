import { UserError } from "../files/user-error.js";
import type { Measurement } from "./run-folder.js";

/** Where MLflow takes at most so many at once. */
const METRICS_A_CALL = 1000;
const PARAMS_A_CALL = 100;

/** A run of an MLflow tracking server, over its REST interface 2.0. */
export class MlflowRun {
  private constructor(
    private readonly server: string,
    readonly runId: string,
  ) {}

  /**
   * Creates a run; the experiment is made if the server has none of that name.
   *
   * @param server     e.g. http://127.0.0.1:5000
   * @throws UserError where the server cannot be reached or refuses
   */
  static async create(server: string, experiment: string, runName: string): Promise<MlflowRun> {
    const base = server.replace(/\/+$/, "");
    const found = await call(
      base,
      "GET",
      `experiments/get-by-name?experiment_name=${encodeURIComponent(experiment)}`,
      null,
      [404],
    );
    const made = found ?? (await call(base, "POST", "experiments/create", { name: experiment }));
    const experimentId = (found as { experiment?: { experiment_id: string } } | null)?.experiment
      ?.experiment_id;
    const { run } = (await call(base, "POST", "runs/create", {
      experiment_id: experimentId ?? (made as { experiment_id: string }).experiment_id,
      run_name: runName,
      start_time: Date.now(),
    })) as { run: { info: { run_id: string } } };
    return new MlflowRun(base, run.info.run_id);
  }

  /** Parameters as text; MLflow keeps the first value of each. */
  async params(values: Readonly<Record<string, unknown>>): Promise<void> {
    const params = Object.entries(values).map(([key, value]) => ({ key: nameOf(key), value: String(value) }));
    for (let at = 0; at < params.length; at += PARAMS_A_CALL)
      await this.log({ params: params.slice(at, at + PARAMS_A_CALL) });
  }

  /** Measurements that are finite numbers. */
  async metrics(measurements: readonly Pick<Measurement, "step" | "name" | "value">[]): Promise<void> {
    const timestamp = Date.now();
    const metrics = measurements
      .filter(({ value }) => Number.isFinite(value))
      .map(({ step, name, value }) => ({ key: nameOf(name), value, step, timestamp }));
    for (let at = 0; at < metrics.length; at += METRICS_A_CALL)
      await this.log({ metrics: metrics.slice(at, at + METRICS_A_CALL) });
  }

  async end(status: "FINISHED" | "FAILED" | "KILLED"): Promise<void> {
    await call(this.server, "POST", "runs/update", { run_id: this.runId, status, end_time: Date.now() });
  }

  private async log(body: object): Promise<void> {
    await call(this.server, "POST", "runs/log-batch", { run_id: this.runId, ...body });
  }
}

/** Letters, digits, "_", "-", ".", " " and "/" are what MLflow takes: "Recall@10" becomes "Recall_at_10". */
function nameOf(name: string): string {
  return name
    .replaceAll("@", "_at_")
    .replaceAll("=", "_")
    .replace(/[^\w\-. /]/g, "_");
}

async function call(
  server: string,
  method: "GET" | "POST",
  route: string,
  body: object | null,
  missing: readonly number[] = [],
): Promise<unknown> {
  const url = `${server}/api/2.0/mlflow/${route}`;
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      signal: AbortSignal.timeout(20_000),
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    throw new UserError(`mlflow: ${server} must answer, got ${cause?.code ?? message}`);
  }
  if (missing.includes(answer.status)) return null;
  const text = await answer.text();
  if (!answer.ok)
    throw new UserError(
      `mlflow: ${method} ${route} must succeed, got ${answer.status} ${text.slice(0, 200)}`,
    );
  return JSON.parse(text || "{}");
}
