import type { Command } from "commander";
import { z } from "zod";
import { openObjects } from "../../files/objects/open-objects.js";
import { serve } from "../../service/serve.js";
import { toldToEnd } from "../endings.js";
import { checkFlags, wholeNumber } from "../flags.js";

/** `qdrl serve [RUN…]`. */
export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("train and answer over HTTP, with a page at / and OpenAPI at /openapi.json")
    .argument("[runs...]", "run folders opened at once, beside those below --root")
    .option("--root <dir>", "folder of runs, <experiment>/<run>", "reports/runs")
    .option("--host <address>", "where to listen; beyond this machine with a token only", "127.0.0.1")
    .option("-p, --port <n>", "0 = any that is free", "8080")
    .option("--workers <n>", "runs trained at a time on this machine; 0 = none", "1")
    .option(
      "--store <address>",
      "folder, s3:// or gs:// whose queue qdrl work does elsewhere, in place of --workers",
    )
    .option("--upload-limit <mib>", "size of an upload at most", "4096")
    .option("--rate <n>", "requests a second from one address", "200")
    .option("--log <level>", "lines of JSON on stderr: debug, info, warn, error or none", "info")
    .addHelpText(
      "after",
      "\nThe token is read from QDRL_TOKEN: an option would be seen by everybody on the machine.",
    )
    .action(
      async (
        runs: string[],
        typed: Record<"root" | "host" | "port" | "rate" | "workers" | "uploadLimit" | "log", string> & {
          store?: string;
        },
      ) => {
        const { log, uploadLimit, store, ...given } = checkFlags(typed, {
          port: wholeNumber(0, 65_535),
          rate: wholeNumber(1),
          workers: wholeNumber(0, 64),
          uploadLimit: wholeNumber(1, 2 ** 20),
          log: z.enum(["debug", "info", "warn", "error", "none"]),
        });
        const token = process.env["QDRL_TOKEN"];
        const ending = toldToEnd();
        const serving = await serve({
          ...{ ...given, runs, token: token || null, uploadLimit: uploadLimit * 2 ** 20 },
          ...(store !== undefined && { store: await openObjects(store) }),
          logLevel: log === "none" ? null : log,
          listener: { line: (line) => process.stderr.write(`${line}\n`) },
        });
        process.stdout.write(`listening on ${serving.address}${token ? "" : " without a token"}\n`);
        await ending;
        await serving.close();
      },
    );
}
