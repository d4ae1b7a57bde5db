import type { Command } from "commander";
import { z } from "zod";
import { serve } from "../../service/serve.js";
import { toldToEnd } from "../endings.js";
import { checkFlags, wholeNumber } from "../flags.js";

/** `qdrl serve [RUN…]`. */
export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("answer over HTTP: search and encode by any run; OpenAPI at /openapi.json")
    .argument("[runs...]", "run folders opened at once, beside those below --root")
    .option("--root <dir>", "folder of runs, <experiment>/<run>", "reports/runs")
    .option("--host <address>", "where to listen; beyond this machine with a token only", "127.0.0.1")
    .option("-p, --port <n>", "0 = any that is free", "8080")
    .option("--rate <n>", "requests a second from one address", "200")
    .option("--log <level>", "lines of JSON on stderr: debug, info, warn, error or none", "info")
    .addHelpText(
      "after",
      "\nThe token is read from QDRL_TOKEN: an option would be seen by everybody on the machine.",
    )
    .action(
      async (
        runs: string[],
        typed: { root: string; host: string; port: string; rate: string; log: string },
      ) => {
        const { port, rate, log, root, host } = checkFlags(typed, {
          port: wholeNumber(0, 65_535),
          rate: wholeNumber(1),
          log: z.enum(["debug", "info", "warn", "error", "none"]),
        });
        const token = process.env["QDRL_TOKEN"];
        const ending = toldToEnd();
        const serving = await serve({
          ...{ root, runs, host, port, rate, token: token || null },
          logLevel: log === "none" ? null : log,
          listener: { line: (line) => process.stderr.write(`${line}\n`) },
        });
        process.stdout.write(`listening on ${serving.address}${token ? "" : " without a token"}\n`);
        await ending;
        await serving.close();
      },
    );
}
