/**
 * The client of `qdrl serve`, by fetch alone: it works in Node, in notebooks and in browsers.
 *
 *     import { connect } from "qdrl/client";
 *     const client = connect("http://127.0.0.1:8080", { token });
 *     const run = await client.fit("query,title\nred sneaker,red shoe\n…", { epochs: 5 });
 *     for await (const line of run.streamLogs()) console.log(line);
 *     console.log(await run.search("crimson trainers"));
 */
import { serverEvents } from "./server-events.js";

/** What a server answers of a run. */
export interface RunFacts {
  experiment: string;
  name: string;
  state: "CREATED" | "STARTED" | "FINISHED" | "FAILED";
  attempt: number;
  message: string | null;
  createdAt: string | null;
  endedAt: string | null;
}

/** A page of a list. */
export interface Page<T> {
  items: T[];
  page: number;
  size: number;
  total: number;
}

export interface Hit {
  id: string;
  name: string;
  score: number;
  document: Record<string, string>;
}

export interface ArtifactFacts {
  name: string;
  bytes: number;
  sha256: string;
  public: boolean;
  createdAt: string;
}

/** Bytes to send: text, a file of a browser, a Buffer, a stream. */
export type Upload = string | Blob | Uint8Array | ReadableStream<Uint8Array>;

/** Options of a fit; what is left out is the server's to choose. */
export interface RemoteFitOptions {
  /** default "default" */
  experiment?: string;
  /** default: an adjective and a surname */
  name?: string;
  /** format of the table; default "csv" */
  format?: "csv" | "tsv" | "jsonl" | "parquet";
  /** role (query, title, id, text, category, grade, part) → column; the others are guessed */
  columns?: Record<string, string | null>;
  model?: string;
  model_options?: Record<string, unknown>;
  loss?: string | { kind: string };
  miner?: string | { kind: string };
  optimizer?: string | { kind: string };
  sampler?: string;
  num_items_per_class?: number;
  learning_rate?: number;
  epochs?: number;
  batch_size?: number;
  seed?: number;
}

/** An answer that is no success: the server's line, and its status. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface CallOptions {
  raw?: boolean;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** The service at an address. Nothing is sent before the first call. */
export function connect(address: string, options: { token?: string } = {}): QdrlClient {
  return new QdrlClient(address.replace(/\/+$/, ""), options.token);
}

export class QdrlClient {
  constructor(
    private readonly address: string,
    private readonly token: string | undefined,
  ) {}

  /** @throws RemoteError with what the server says */
  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Response> {
    const type = options.raw ? "application/octet-stream" : "application/json";
    const answer = await fetch(this.address + path, {
      method,
      headers: {
        ...(this.token !== undefined && { authorization: `token ${this.token}` }),
        ...(body !== undefined && { "content-type": type }),
        ...options.headers,
      },
      ...(body !== undefined && { body: options.raw ? body : JSON.stringify(body), duplex: "half" }),
      ...(options.timeoutMs !== undefined && { signal: AbortSignal.timeout(options.timeoutMs) }),
    } as RequestInit).catch((error: Error & { cause?: Error }) => {
      throw new Error(`${this.address}: cannot be reached: ${error.cause?.message ?? error.message}`);
    });
    if (answer.ok) return answer;
    const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
    throw new RemoteError(answer.status, message ?? `${method} ${path}: ${answer.status}`);
  }

  private async json<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    return (await this.call(method, path, body, options)).json() as Promise<T>;
  }

  createExperiment(name = "default"): Promise<{ name: string; runs: number }> {
    return this.json("POST", "/api/v1/experiments", { name });
  }
  getExperiment(name: string): Promise<{ name: string; runs: number }> {
    return this.json("GET", experimentPath(name));
  }
  listExperiments(page = 1, size = 50): Promise<Page<{ name: string; runs: number }>> {
    return this.json("GET", `/api/v1/experiments?page=${page}&size=${size}`);
  }
  /** With its runs. @returns `<experiment>/<run>` of what was removed */
  deleteExperiment(name: string): Promise<{ removed: string[] }> {
    return this.json("DELETE", experimentPath(name));
  }
  deleteExperiments(): Promise<{ removed: string[] }> {
    return this.json("DELETE", "/api/v1/experiments");
  }

  /** Runs of an experiment, null = of all. */
  listRuns(experiment: string | null = null, page = 1, size = 50): Promise<Page<RunFacts>> {
    const path = experiment === null ? "/api/v1/runs" : `${experimentPath(experiment)}/runs`;
    return this.json("GET", `${path}?page=${page}&size=${size}`);
  }
  /** @throws RemoteError 404 */
  async getRun(experiment: string, name: string): Promise<RemoteRun> {
    const run = new RemoteRun(this, experiment, name);
    await run.status();
    return run;
  }
  /** All of an experiment. */
  deleteRuns(experiment: string): Promise<{ removed: string[] }> {
    return this.json("DELETE", `${experimentPath(experiment)}/runs`);
  }

  /** Asks for a run by an experiment's configuration, as YAML holds it. */
  async train(
    config: Record<string, unknown>,
    {
      experiment = "default",
      name,
      device,
    }: { experiment?: string; name?: string; device?: "cpu" | "gpu" } = {},
  ): Promise<RemoteRun> {
    const body = { config: { experiment: config }, name, device };
    const made = await this.json<RunFacts>("POST", `${experimentPath(experiment)}/runs`, body);
    return new RemoteRun(this, made.experiment, made.name);
  }

  /** Uploads a table with a header and asks for a training on it. */
  async fit(table: Upload, options: RemoteFitOptions = {}): Promise<RemoteRun> {
    const { experiment = "default", name = newName(), format = "csv", ...fit } = options;
    const run = new RemoteRun(this, experiment, name);
    await run.uploadData("train", table, format);
    await this.json("POST", `${experimentPath(experiment)}/runs`, { name, config: { fit } });
    return run;
  }

  /** The best documents of any run, `<experiment>/<run>`. */
  async search(run: string | undefined, query: string, k = 10): Promise<Hit[]> {
    return (await this.json<{ hits: Hit[] }>("POST", "/search", { run, query, k })).hits;
  }

  /** Embeddings of texts, a list of numbers each. */
  async encode(
    run: string | undefined,
    texts: readonly string[],
    side: "query" | "document" = "query",
  ): Promise<number[][]> {
    const body = { run, texts, side };
    return (await this.json<{ embeddings: number[][] }>("POST", "/encode", body)).embeddings;
  }

  /** What training left of a run, a zip archive: weights, configuration, and the encoder as ONNX with its dictionary. */
  getModel(experiment: string, name: string): Promise<Uint8Array> {
    return new RemoteRun(this, experiment, name).artifact("model.zip");
  }
}

export class RemoteRun {
  private readonly path: string;

  constructor(
    private readonly client: QdrlClient,
    readonly experiment: string,
    readonly name: string,
  ) {
    this.path = `${experimentPath(experiment)}/runs/${encodeURIComponent(name)}`;
  }

  private async json<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    return (await this.client.call(method, this.path + path, body, options)).json() as Promise<T>;
  }

  /** Within ten seconds, asked twice. */
  async status(): Promise<RunFacts> {
    const ask = () => this.json<RunFacts>("GET", "/status", undefined, { timeoutMs: 10_000 });
    return ask().catch((error) => (error instanceof RemoteError ? Promise.reject(error) : ask()));
  }
  cancel(): Promise<RunFacts> {
    return this.json("POST", "/cancel");
  }
  delete(): Promise<{ removed: string[] }> {
    return this.json("DELETE", "");
  }
  /** By stage: before, of the untrained model, where it was measured; after. */
  metrics(): Promise<Record<string, Record<string, number>>> {
    return this.json("GET", "/metrics");
  }
  /** By stage and query: the first k documents. */
  exampleResults(
    k = 5,
  ): Promise<Record<string, Record<string, { id: string; score: number; relevant: boolean }[]>>> {
    return this.json("GET", `/examples?k=${k}`);
  }
  async logs(): Promise<string> {
    return (await this.client.call("GET", `${this.path}/logs`)).text();
  }

  /**
   * Lines of the log as they are written, until the run has ended. A connection that breaks is taken up again where it was, as
   * long as the server comes back within `patienceMs`.
   */
  async *streamLogs(patienceMs = 60_000): AsyncGenerator<string> {
    let from = 0;
    for (let seen = Date.now(); ; ) {
      try {
        const answer = await this.client.call("GET", `${this.path}/logstream?from=${from}`);
        for await (const { id, event, data } of serverEvents(answer.body!)) {
          if (event === "end") return;
          from = Number(id);
          yield data;
          seen = Date.now();
        }
      } catch (error) {
        if (error instanceof RemoteError && error.status < 500 && error.status !== 429) throw error;
        if (Date.now() - seen > patienceMs) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Waits for the end. @throws RemoteError 409 with its message if the run failed */
  async finished(): Promise<RunFacts> {
    for await (const _line of this.streamLogs());
    const facts = await this.status();
    if (facts.state === "FAILED")
      throw new RemoteError(409, `${this.experiment}/${this.name}: ${facts.message}`);
    return facts;
  }

  uploadData(
    role: "train" | "eval" | "query" | "index",
    table: Upload,
    format = "csv",
  ): Promise<ArtifactFacts> {
    return this.json("PUT", `/data/${role}?format=${format}`, table, { raw: true });
  }
  listArtifacts(): Promise<ArtifactFacts[]> {
    return this.json("GET", "/artifacts");
  }
  uploadArtifact(name: string, body: Upload, isPublic = false): Promise<ArtifactFacts> {
    return this.json("PUT", `/artifacts/${encodeURIComponent(name)}?public=${isPublic}`, body, { raw: true });
  }
  /** An artifact's bytes, checked where there is cryptography (not on a page without https). @throws RemoteError if they are not those that were saved */
  async artifact(name = "model.zip"): Promise<Uint8Array> {
    const answer = await this.client.call("GET", `${this.path}/artifacts/${encodeURIComponent(name)}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (!globalThis.crypto?.subtle) return bytes;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== answer.headers.get("x-sha256"))
      throw new RemoteError(422, `${name}: SHA-256 must be ${answer.headers.get("x-sha256")}, got ${hex}`);
    return bytes;
  }
  /** Saves an artifact in a folder, in Node. @returns the file */
  async saveArtifact(name = "model.zip", folder = "artifacts"): Promise<string> {
    const bytes = await this.artifact(name);
    const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
    const fs = process?.getBuiltinModule?.("node:fs/promises") as
      | {
          mkdir(path: string, options: object): Promise<unknown>;
          writeFile(path: string, data: Uint8Array): Promise<void>;
        }
      | undefined;
    if (!fs) throw new Error("saveArtifact: files are written in Node only; take artifact() here");
    const file = `${folder}/${this.experiment}-${this.name}-${name}`;
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(file, bytes);
    return file;
  }

  search(query: string, k = 10): Promise<Hit[]> {
    return this.client.search(`${this.experiment}/${this.name}`, query, k);
  }
  encode(texts: readonly string[], side: "query" | "document" = "query"): Promise<number[][]> {
    return this.client.encode(`${this.experiment}/${this.name}`, texts, side);
  }
}

/** Cosine of two embeddings; 0 if one of them is zero. */
export function cosSim(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}

function experimentPath(name: string): string {
  return `/api/v1/experiments/${encodeURIComponent(name)}`;
}

/** The data are uploaded before the run is asked for, so its name is chosen here. */
function newName(): string {
  return `fit-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 6)}`;
}
