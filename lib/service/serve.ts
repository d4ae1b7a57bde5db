import type { FastifyInstance } from "fastify";
import { checkAddress } from "./check-address.js";
import { createServer, type ServerOptions } from "./create-server.js";
import { LocalPool } from "./local-pool.js";
import { openService, type ServiceOptions } from "./open-service.js";
import type { Service } from "./service.js";
import { StoreFollower } from "./store-follower.js";

export interface ServeOptions extends ServiceOptions, Omit<ServerOptions, "token"> {
  /** Default: none. */
  token?: string | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 8080; 0 = any that is free. */
  port?: number;
  /** Runs trained at a time on this machine, where there is no store; 0 = none. Default 1. */
  workers?: number;
}

export interface Serving {
  address: string;
  app: FastifyInstance;
  service: Service;
  /** Answers what has been asked, refuses what comes later, and closes every run; those in training go on with the next start. */
  close(): Promise<void>;
}

/** What is being answered when the service ends has so long; then connections are cut. */
const GRACE_MS = 3000;

/**
 * Starts the service. Runs named in the options are opened before the first request.
 *
 * @throws UserError for an address beyond this machine without a token, and for a token that anybody could guess
 */
export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const { runs = [], token = null, host = "127.0.0.1", port = 8080, workers = 1, listener = {} } = options;
  checkAddress(host, token);
  const { service, close: closeService } = openService(options);
  const app = await createServer(service, { ...options, token });
  let pool: LocalPool | StoreFollower | null = null;
  const close = async () => {
    const hangUp = setTimeout(() => app.server.closeAllConnections(), GRACE_MS);
    await Promise.all([closeService(), app.close(), pool?.stop()]);
    clearTimeout(hangUp);
  };
  try {
    for (const dir of runs) await service.opened.use(service.runs.at(dir), () => {});
    const address = await app.listen({ host, port });
    const { queue, root } = service.jobs;
    const tell = (line: string) => listener.line?.(line);
    if (options.store) pool = new StoreFollower(queue, (id) => service.jobs.dirOf(id), tell);
    else {
      const local = new LocalPool(queue, root, workers, tell);
      service.jobs.onCreated = () => local.wake();
      pool = local;
    }
    return { address, app, service, close };
  } catch (error) {
    await close();
    throw error;
  }
}
