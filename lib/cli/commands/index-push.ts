import type { Command } from "commander";
import { z } from "zod";
import { TerminalListener } from "../../reporting/terminal.js";
import { PUSH_TARGETS, pushIndex } from "../../runs/push/push-index.js";
import { checkFlags } from "../flags.js";

/** `qdrl index push RUN --to parquet|pgvector|qdrant`. */
export function addIndexCommands(program: Command): void {
  const index = program.command("index").description("a run's documents and query encoder, for production");
  index
    .command("push")
    .description("write documents with embeddings to a file or server, and the encoder of queries beside it")
    .argument("<run>", "run folder of an encoder")
    .requiredOption("--to <target>", PUSH_TARGETS.join(", "))
    .requiredOption("-o, --output <dir>", "folder for the query encoder, and for the documents' file")
    .option(
      "--url <address>",
      "postgresql://… (by psql) or http://… of Qdrant; pgvector without it: SQL in a file",
    )
    .option("--table <name>", "table or collection, made anew", "documents")
    .option("--no-index", "pgvector: no HNSW index, every search is exhaustive")
    .addHelpText("after", "\nA key of Qdrant is read from QDRANT_API_KEY.")
    .action(
      async (
        run: string,
        typed: { to: string; output: string; url?: string; table: string; index: boolean },
      ) => {
        const options = checkFlags(typed, { to: z.enum(PUSH_TARGETS) });
        const listener = new TerminalListener();
        const apiKey = process.env["QDRANT_API_KEY"];
        const written = await pushIndex(run, { ...options, listener, ...(apiKey && { apiKey }) });
        listener.finish();
        process.stdout.write(`${written.join("\n")}\n`);
      },
    );
}
