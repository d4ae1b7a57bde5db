import path from "node:path";
import type { Labelling } from "../../annotation/label/labelling.js";
import { type LabellingOptions, openLabelling } from "../../annotation/label/open-labelling.js";
import { withFolderLock } from "../../files/folder-lock.js";
import { openRun } from "../../tracking/run-folder.js";
import { checkAddress } from "../check-address.js";
import { type ServerOptions, serverOf } from "../create-server.js";
import { LABEL_ROUTES } from "./label-routes.js";
import { LabelService } from "./label-service.js";

export interface ServeLabelsOptions extends LabellingOptions, Omit<ServerOptions, "token"> {
  /** Default: none. */
  token?: string | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 8081; 0 = any that is free. */
  port?: number;
}

export interface LabelServing {
  address: string;
  labelling: Labelling;
  /** Resolves once the server has ended, by /terminate or by {@link close}, and everything is kept. */
  ended: Promise<void>;
  /** Answers what has been asked, then ends. */
  close(): Promise<void>;
}

/**
 * Serves the labelling of a run, with its page at `/`. Nobody else labels in the folder until it ends.
 *
 * @throws UserError as {@link openLabelling}, and for an address or token as of `qdrl serve`
 */
export async function serveLabels(dir: string, options: ServeLabelsOptions = {}): Promise<LabelServing> {
  const { token = null, host = "127.0.0.1", port = 8081, rate, bodyLimit, logLevel, ...given } = options;
  checkAddress(host, token);
  const run = openRun(dir);
  const folder = given.folder ?? path.join(dir, "labels");
  let end: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    end = resolve;
  });
  let opened: (serving: Omit<LabelServing, "ended" | "close">) => void = () => {};
  const ready = new Promise<Omit<LabelServing, "ended" | "close">>((resolve) => {
    opened = resolve;
  });
  const ended = withFolderLock(
    folder,
    async () => {
      const labelling = await openLabelling(dir, { ...given, folder });
      const { taskId, runId } = run.manifest();
      const service = new LabelService(labelling, `${taskId}/${runId}`, end);
      try {
        const limits = {
          ...(rate !== undefined && { rate }),
          ...(bodyLimit !== undefined && { bodyLimit }),
          ...(logLevel !== undefined && { logLevel }),
        };
        const app = await serverOf(LABEL_ROUTES, service, { token, ...limits });
        try {
          const address = await app.listen({ host, port });
          opened({ address, labelling });
          await asked;
        } finally {
          await app.close();
        }
      } finally {
        await service.close();
      }
    },
    (line) => given.listener?.line?.(line),
  );
  const serving = await Promise.race([ready, ended.then(() => Promise.reject(new Error("ended unasked")))]);
  return {
    ...serving,
    ended,
    close: () => {
      end();
      return ended;
    },
  };
}
