import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { buildEmoji, type EmojiOptions, ensureEmoji } from "../../datasets/emoji/build-emoji.js";
import type { DatasetManifest } from "../../datasets/manifest.js";
import { openDataset } from "../../datasets/open-dataset.js";
import { wordsOf } from "../../reporting/count-table.js";
import { plainTable } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import type { Listener } from "../../training/progress.js";
import { humanTime, TerminalListener } from "../terminal.js";

const DATA = "data";

/** `qdrl data build|list|import`. */
export function addDataCommands(program: Command): void {
  const data = program.command("data").description("build, list and import data sets");
  data
    .command("build")
    .description("build the embedded emoji data set")
    .argument("[name]", "data set", "emoji")
    .option("--locales <list>", "CLDR locales with commas between, or all", "en")
    .option("--seed <n>", "of the phrases drawn", "42")
    .option("-o, --output <dir>", "folder to write; default: data/<name>")
    .action(async (name: string, options: { locales: string; seed: string; output?: string }) => {
      const listener = new TerminalListener();
      await buildDataset(name, {
        ...options,
        listener,
        locales: options.locales === "all" ? "all" : options.locales.split(","),
        seed: Number(options.seed),
      });
    });
  data
    .command("list")
    .description("data sets in data/")
    .action(() => listDatasets());
}

interface BuildOptions {
  listener: Listener;
  locales?: readonly string[] | "all";
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

function emojiOptions(outDir: string, { listener, locales, seed }: BuildOptions): EmojiOptions {
  return {
    outDir,
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

function listDatasets(): void {
  const names = fs.existsSync(DATA)
    ? fs
        .readdirSync(DATA)
        .filter((name) => fs.statSync(path.join(DATA, name)).isDirectory())
        .sort()
    : [];
  if (names.length === 0) {
    process.stdout.write("data/ holds no data set; build the default one with: npm run qdrl -- data build\n");
    return;
  }
  const rows = names.map((name) => {
    const dataset = openDataset(path.join(DATA, name), { verify: "size" });
    const sets = dataset.evaluationSets.map((set) => set.name).join(", ");
    return [name, sets, dataset.manifest?.licence ?? "–", dataset.fingerprint.slice(0, 12)];
  });
  process.stdout.write(
    `${tableTerminal(plainTable(["data set", "evaluation sets", "licence", "fingerprint"], rows))}\n`,
  );
}
