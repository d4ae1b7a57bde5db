import fs from "node:fs";
import path from "node:path";
import { type Command, Option } from "commander";
import { type EsciLocale, esciLocales } from "../../datasets/importers/esci.js";
import { readManifest } from "../../datasets/manifest.js";
import { buildDataset, DATA, importInto } from "../../datasets/prepare-dataset.js";
import { datasetSources } from "../../datasets/registry.js";
import { UserError } from "../../files/user-error.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { plainTable } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { checkFlags, wholeNumber } from "../flags.js";
import { addDataDoctor } from "./data-doctor.js";

interface ImportFlags {
  from?: string;
  seed?: string;
  queries?: string;
  documents?: string;
  locale?: EsciLocale;
  large?: boolean;
  output?: string;
}

/** `qdrl data build|list|import|doctor`. */
export function addDataCommands(program: Command): void {
  const data = program.command("data").description("build, list, import and examine data sets");
  data
    .command("build")
    .description("build a data set from packages: emoji, or emoji-pictures")
    .argument("[name]", "data set", "emoji")
    .option("--locales <list>", "CLDR locales with commas between, or all", "en")
    .option("--unseen-locales <list>", "CLDR locales that are tested but not trained on")
    .option("--held-out-keywords <n>", "keywords per locale that are tested but in no training query", "0")
    .option("--seed <n>", "of the phrases drawn", "42")
    .option("-o, --output <dir>", "folder to write; default: data/<name>")
    .action(
      async (
        name: string,
        options: {
          locales: string;
          unseenLocales?: string;
          heldOutKeywords: string;
          seed: string;
          output?: string;
        },
      ) => {
        const { heldOutKeywords, seed } = checkFlags(options, {
          heldOutKeywords: wholeNumber(0),
          seed: wholeNumber(0),
        });
        const listener = new TerminalListener();
        const work = buildDataset(name, {
          ...options,
          listener,
          locales: options.locales === "all" ? "all" : options.locales.split(","),
          unseenLocales: options.unseenLocales?.split(",") ?? [],
          heldOutKeywords,
          seed,
        });
        await showTimed(work, listener);
      },
    );
  data
    .command("import")
    .description("bring a public data set, or your own files, into the layout")
    .argument("<name>", "one of those that data list shows")
    .option(
      "--from <path>",
      "local copy, BEIR folder or mapping file; default: the pinned URLs, hashes checked",
    )
    .option("--seed <n>", "of the split, where the importer draws one; default: the importer's")
    .option("--queries <n>", "of a BEIR folder: so many of its test queries, drawn at random (NanoBEIR: 50)")
    .option(
      "--documents <n>",
      "beside them: their judged documents, and others up to this number (NanoBEIR: 10000)",
    )
    .addOption(new Option("--locale <name>", "of esci: its market (default us)").choices(esciLocales))
    .option("--large", "of esci: the queries of its large version too")
    .option("-o, --output <dir>", "folder to write; default: data/<name>")
    .action(async (name: string, options: ImportFlags) => {
      const { seed, queries, documents } = checkFlags(options, {
        seed: wholeNumber(0).optional(),
        queries: wholeNumber(1).optional(),
        documents: wholeNumber(1).optional(),
      });
      if ((queries === undefined) !== (documents === undefined))
        throw new UserError("--queries and --documents: must be given together, got one of them");
      const listener = new TerminalListener();
      const work = importInto(options.output ?? path.join(DATA, name), name, {
        listener,
        from: options.from ?? null,
        ...(seed === undefined ? {} : { seed }),
        ...(options.locale !== undefined && { locale: options.locale }),
        ...(options.large !== undefined && { large: options.large }),
        ...(queries === undefined ? {} : { subset: { queries, documents: documents! } }),
      });
      await showTimed(work, listener);
    });
  data
    .command("list")
    .description("data sets in data/, and those that can be had")
    .action(() => listDatasets());
  addDataDoctor(data);
}

/** Shows what a data set holds and how long it took to write. */
async function showTimed(work: Promise<string>, listener: TerminalListener): Promise<void> {
  const began = performance.now();
  const line = await work;
  listener.line(`${line}; ${humanTime((performance.now() - began) / 1000)}`);
}

function listDatasets(): void {
  const names = fs.existsSync(DATA) ? fs.readdirSync(DATA) : [];
  const built = new Set(names.filter((name) => fs.existsSync(path.join(DATA, name, "manifest.json"))));
  const rows = [...built].sort().map((name) => {
    const manifest = readManifest(path.join(DATA, name))!;
    const sets = manifest.evaluationSets.map((set) => set.name).join(", ");
    return [name, `evaluation sets: ${sets || "none"}; fingerprint ${manifest.fingerprint.slice(0, 12)}`];
  });
  for (const [name, source] of Object.entries(datasetSources))
    if (!built.has(name))
      rows.push([
        `(${name})`,
        `qdrl data ${source.kind === "packages" ? "build" : "import"} ${name}: ${source.description}`,
      ]);
  const notes = [
    "In brackets: not here yet. A public data set is fetched from its pinned URLs, or taken from a local copy by --from.",
  ];
  process.stdout.write(`${tableTerminal(plainTable(["data set", "about"], rows, { notes }), tableLook())}\n`);
}
