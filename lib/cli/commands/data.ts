import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { buildEmoji, type EmojiOptions, ensureEmoji } from "../../datasets/emoji/build-emoji.js";
import { type DatasetManifest, readManifest } from "../../datasets/manifest.js";
import { datasetSources, importDataset } from "../../datasets/registry.js";
import { wordsOf } from "../../reporting/count-table.js";
import { plainTable } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import type { Listener } from "../../training/progress.js";
import { humanTime, TerminalListener, tableLook } from "../terminal.js";

const DATA = "data";

/** `qdrl data build|list|import`. */
export function addDataCommands(program: Command): void {
  const data = program.command("data").description("build, list and import data sets");
  data
    .command("build")
    .description("build the embedded emoji data set")
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
        await buildDataset(name, {
          ...options,
          listener: new TerminalListener(),
          locales: options.locales === "all" ? "all" : options.locales.split(","),
          unseenLocales: options.unseenLocales?.split(",") ?? [],
          heldOutKeywords: Number(options.heldOutKeywords),
          seed: Number(options.seed),
        });
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
    .option("--seed <n>", "of the split, where the importer draws one", "42")
    .option("-o, --output <dir>", "folder to write; default: data/<name>")
    .action(async (name: string, options: { from?: string; seed: string; output?: string }) => {
      const listener = new TerminalListener();
      await importInto(options.output ?? path.join(DATA, name), name, {
        listener,
        from: options.from ?? null,
        seed: Number(options.seed),
      });
    });
  data
    .command("list")
    .description("data sets in data/, and those that can be had")
    .action(() => listDatasets());
}

interface BuildOptions {
  listener: Listener;
  locales?: readonly string[] | "all";
  unseenLocales?: readonly string[];
  heldOutKeywords?: number;
  seed?: number;
  output?: string;
}

/** Builds an embedded data set into its folder. @throws RangeError for an unknown name */
export async function buildDataset(name: string, options: BuildOptions): Promise<void> {
  if (name !== "emoji") throw new RangeError(`unknown data set "${name}"; known: emoji`);
  const began = performance.now();
  const outDir = options.output ?? path.join(DATA, name);
  const manifest = await buildEmoji(emojiOptions(outDir, options));
  options.listener.line?.(`${describe(outDir, manifest)}; ${humanTime((performance.now() - began) / 1000)}`);
}

/** The default data set, built unless data/emoji is already what the builder would write. */
export async function ensureDefaultDataset(listener: Listener): Promise<void> {
  const outDir = path.join(DATA, "emoji");
  const { manifest, built } = await ensureEmoji(emojiOptions(outDir, { listener }));
  listener.line?.(`${describe(outDir, manifest)}${built ? "" : " (already built)"}`);
}

function emojiOptions(
  outDir: string,
  { listener, locales, unseenLocales, heldOutKeywords, seed }: BuildOptions,
): EmojiOptions {
  return {
    outDir,
    ...(unseenLocales === undefined ? {} : { unseenLocales }),
    ...(heldOutKeywords === undefined ? {} : { heldOutKeywords }),
    ...(locales === undefined ? {} : { locales }),
    ...(seed === undefined ? {} : { seed }),
    onProgress: (done, total, step) =>
      listener.progress?.({ task: "build emoji", done, total, unit: "steps", note: step }),
  };
}

function describe(dir: string, manifest: DatasetManifest): string {
  return `${dir}: ${Object.entries(manifest.counts)
    .map(([key, value]) => `${value.toLocaleString("en")} ${wordsOf(key)}`)
    .join(", ")}`;
}

/** Imports a data set and says what it holds. @throws RangeError for an unknown name or a source that cannot be had */
export async function importInto(
  outDir: string,
  name: string,
  options: { listener: Listener; from: string | null; seed?: number },
): Promise<void> {
  const began = performance.now();
  const { counts, licence, warnings } = await importDataset(name, {
    outDir,
    from: options.from,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    onProgress: (done, total, step) =>
      options.listener.progress?.({ task: `import ${name}`, done, total, unit: "steps", note: step }),
  });
  for (const warning of warnings) options.listener.line?.(warning);
  const held = Object.entries(counts).map(([key, value]) => `${value.toLocaleString("en")} ${key}`);
  const seconds = (performance.now() - began) / 1000;
  options.listener.line?.(`${outDir}: ${held.join(", ")}; licence: ${licence}; ${humanTime(seconds)}`);
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
