import os from "node:os";
import type { Command } from "commander";
import { z } from "zod";
import { RunFiles } from "../../cluster/run-files.js";
import { RunQueue } from "../../cluster/run-queue.js";
import { work } from "../../cluster/worker.js";
import { openObjects } from "../../files/objects/open-objects.js";
import { UserError } from "../../files/user-error.js";
import { ENDINGS, toldToEnd } from "../endings.js";
import { checkFlags, listOf, numberFrom, wholeNumber } from "../flags.js";

interface WorkFlags {
  store?: string;
  name?: string;
  devices: string;
  threads: string;
  lease: string;
  save: string;
  idle?: string;
}

/** `qdrl work`. */
export function addWorkCommand(program: Command): void {
  program
    .command("work")
    .description(
      "do runs that wait in a store's queue, one after the other; several may, on one machine or many, and any may be killed",
    )
    .option("--store <address>", "folder, s3:// or gs:// that machines share (or QDRL_STORE)")
    .option("--name <name>", "what claims and logs call it (default: host and process)")
    .option("--devices <list>", "kinds of machine that runs may ask for", "cpu")
    .option("--threads <n>", "of a training", "1")
    .option("--lease <seconds>", "silence after which another worker counts as gone", "20")
    .option(
      "--save <seconds>",
      "between two saves of a run to the store, where it has a new checkpoint",
      "30",
    )
    .option("--idle <seconds>", "end after nothing was to be done for so long (default: never)")
    .action(async (typed: WorkFlags) => {
      const flags = checkFlags(typed, {
        devices: listOf(z.string().min(1)),
        threads: wholeNumber(1, 256),
        lease: numberFrom(1),
        save: numberFrom(0.1),
        idle: numberFrom(0).optional(),
      });
      const store = flags.store ?? process.env["QDRL_STORE"];
      if (store === undefined) throw new UserError("work: needs a store, by --store or QDRL_STORE, got none");
      const objects = await openObjects(store);
      const control = new AbortController();
      const { devices, threads, name = `${os.hostname()}-${process.pid}` } = flags;
      const say = (line: string) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
      const working = work(new RunQueue(objects, { leaseMs: flags.lease * 1000 }), {
        ...{ name, devices, threads, files: new RunFiles(objects), signal: control.signal },
        saveMs: flags.save * 1000,
        ...(flags.idle !== undefined && { idleMs: flags.idle * 1000 }),
        onLine: ({ id, number }, line) => say(`${id} attempt ${number}: ${line}`),
        onEnd: ({ id, number }, { state }) => say(`${id} attempt ${number}: now ${state}`),
      });
      toldToEnd().then(async (signal) => {
        control.abort();
        await working.catch(() => {});
        process.exit(ENDINGS[signal]);
      });
      await working;
    });
}
