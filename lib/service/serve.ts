import type { FastifyInstance } from "fastify";
import type { Listener } from "../engine/progress.js";
import { UserError } from "../files/user-error.js";
import { createServer, type ServerOptions } from "./create-server.js";
import { OpenedRuns } from "./opened-runs.js";
import { ServedRuns } from "./served-runs.js";
import type { Service } from "./service.js";

export interface ServeOptions extends Omit<ServerOptions, "token"> {
  /** Folder of experiments, each a folder of runs. Default reports/runs. */
  root?: string;
  /** Run folders to be served beside those of the root, opened before the first request. */
  runs?: readonly string[];
  /** Default: none. */
  token?: string | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 8080; 0 = any that is free. */
  port?: number;
  listener?: Listener;
}

export interface Serving {
  address: string;
  app: FastifyInstance;
  service: Service;
  /** Answers what has been asked, refuses what comes later, and closes every run. */
  close(): Promise<void>;
}

/** Runs that are kept open. */
const OPENED = 4;

/**
 * Starts the service.
 *
 * @throws UserError for an address beyond this machine without a token, and for a token that anybody could guess
 */
export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const {
    root = "reports/runs",
    runs = [],
    token = null,
    host = "127.0.0.1",
    port = 8080,
    ...rest
  } = options;
  const { listener = {}, ...limits } = rest;
  if (token !== null && !/^[\x21-\x7e]{16,}$/.test(token))
    throw new UserError(`token: must be at least 16 letters, digits or signs, got ${token.length}`);
  if (token === null && !["127.0.0.1", "::1", "localhost"].includes(host))
    throw new UserError(
      `host: must be 127.0.0.1 where there is no token, got ${host}; set QDRL_TOKEN to listen there`,
    );
  const service: Service = {
    runs: new ServedRuns(root, runs),
    opened: new OpenedRuns(Math.max(OPENED, runs.length), listener),
  };
  const app = await createServer(service, { token, ...limits });
  const close = async () => {
    await app.close();
    await service.opened.close();
  };
  try {
    for (const dir of runs) await service.opened.use(service.runs.at(dir), () => {});
    const address = await app.listen({ host, port });
    return { address, app, service, close };
  } catch (error) {
    await close();
    throw error;
  }
}
