import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { importMapped } from "../datasets/importers/mapped.js";
import { type ColumnGuess, columnRoles } from "../datasets/init/guess-columns.js";
import { findDocuments, guessDocuments } from "../datasets/init/guess-documents.js";
import {
  findTables,
  guessMapping,
  type SourceTables,
  textColumnsOfDocuments,
} from "../datasets/init/guess-mapping.js";
import { ownTexts } from "../datasets/init/own-texts.js";
import { type TitlesAsQueries, titlesAsQueries } from "../datasets/init/titles-as-queries.js";
import { readManifest } from "../datasets/manifest.js";
import { DATA } from "../datasets/prepare-dataset.js";
import { importDataset } from "../datasets/registry.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import { readyConfigs } from "./ready-configs.js";

export interface InitOptions {
  /** Name of data set and configurations. Default: the file's or folder's. */
  name?: string;
  /** Role → column, null = none; the others are guessed. */
  columns?: Readonly<Record<string, string | null>>;
  /** Asks about the guess; the answer goes like `columns`. Default: nobody is asked. */
  confirm?: (tables: SourceTables, guess: ColumnGuess) => Promise<Readonly<Record<string, string | null>>>;
  /** false: documents alone are read, to be searched without any label. Default true. */
  labels?: boolean;
  /** Folder that data/ and configs/ are in. Default: the working directory. */
  root?: string;
}

export interface InitResult {
  name: string;
  datasetDir: string;
  /** Configurations that were written, from the root. */
  configs: string[];
  counts: Record<string, number>;
  warnings: string[];
  /** What the columns were taken for; null where the layout says it (BEIR, TREC). */
  roles: ColumnGuess | null;
  /** Whether titles are training queries too; null where there is no encoder to train. */
  titles: TitlesAsQueries | null;
  furtherColumns: string[];
}

/**
 * Somebody's own files become a data set with ready configurations: a table, a folder of tables, BEIR's or TREC's layout.
 * Writes `data/<name>/`, `configs/<name>/mapping.yaml` (not for BEIR and TREC), `bm25.yaml`, `encoder.yaml` and `both.yaml`;
 * without labels also `label-free.yaml` and its fusion with BM25. Whatever fails leaves nothing behind.
 *
 * @throws UserError in one line for input that no search can be made of, and where data set or configurations are there already
 */
export async function initDataset(source: string, options: InitOptions = {}): Promise<InitResult> {
  const { root = "." } = options;
  const name = options.name ?? nameOf(source);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new UserError(`--name: must be letters, digits, '.', '_' or '-', got "${name}"`);
  const datasetDir = path.posix.join(DATA, name);
  const folder = path.posix.join("configs", name);
  for (const taken of [datasetDir, folder])
    if (existsSync(path.join(root, taken)))
      throw new UserError(
        `${taken}: is there already and stays as it is; choose another name with --name NAME`,
      );
  try {
    const made = await importAs(layoutOf(source, options), source, name, path.join(root, folder), {
      ...options,
      outDir: path.join(root, datasetDir),
    });
    const { evaluationSets, counts } = readManifest(path.join(root, datasetDir))!;
    const titles = counts["trainingRows"]! > 0 ? await titlesAsQueries(path.join(root, datasetDir)) : null;
    const isFree = counts["trainingRows"] === 0;
    const configs = readyConfigs(
      {
        ownTexts: isFree ? await ownTexts(path.join(root, datasetDir), made.textColumns) : null,
        name,
        datasetDir,
        textColumns: made.textColumns,
        documents: counts["documents"]!,
        trainingRows: counts["trainingRows"]!,
        titlesAsQueries: titles?.fit ?? false,
        sets: evaluationSets.map((set) => set.name).filter((set) => set !== "validation"),
        hasValidationSet: evaluationSets.some((set) => set.name === "validation"),
      },
      folder,
    );
    for (const [file, text] of Object.entries(configs)) atomicWriteFile(path.join(root, folder, file), text);
    const { textColumns: _, ...said } = made;
    return {
      ...said,
      name,
      datasetDir,
      counts,
      titles,
      configs: Object.keys(configs).map((file) => `${folder}/${file}`),
    };
  } catch (error) {
    rmSync(path.join(root, datasetDir), { recursive: true, force: true });
    rmSync(path.join(root, folder), { recursive: true, force: true });
    removeIfEmpty(path.join(root, "configs"));
    removeIfEmpty(path.join(root, DATA));
    throw error;
  }
}

type Layout = "mapped" | "beir" | "trec";

/** Which importer reads the source: by the files that only one of them knows. */
function layoutOf(source: string, { labels = true }: InitOptions): Layout {
  if (!(statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? false)) return "mapped";
  const names = readdirSync(source);
  const has = (name: string) => names.includes(`${name}.jsonl`) || names.includes(name);
  if (has("corpus") && (has("queries") || !labels)) return "beir";
  if (!labels) return "mapped";
  return names.some((name) => /(^|[^a-z])qrels?([^a-z]|$)/i.test(name)) ? "trec" : "mapped";
}

async function importAs(
  layout: Layout,
  source: string,
  name: string,
  folder: string,
  options: InitOptions & { outDir: string },
): Promise<Pick<InitResult, "warnings" | "roles" | "furtherColumns"> & { textColumns: string[] }> {
  const { outDir, columns = {}, confirm, labels = true } = options;
  if (layout !== "mapped") {
    const [role] = Object.keys(columns);
    if (role !== undefined)
      throw new UserError(
        `--column ${role}: is for tables, got a folder in the layout of ${layout.toUpperCase()}`,
      );
    const { warnings } = await importDataset(layout, { outDir, from: source, name, labels });
    return { warnings, roles: null, furtherColumns: [], textColumns: ["document_text"] };
  }
  const tables = labels ? await findTables(source) : await findDocuments(source);
  const map = labels ? guessMapping : guessDocuments;
  const guess = map(name, tables, columns, folder);
  const answers = confirm === undefined ? {} : await confirm(tables, guess.roles);
  const { mapping, roles, furtherColumns } = map(name, tables, { ...columns, ...answers }, folder);
  const file = path.join(folder, "mapping.yaml");
  const said = columnRoles.flatMap((role) => (roles[role] === undefined ? [] : `${role} ${roles[role]}`));
  atomicWriteFile(
    file,
    `# How ${path.basename(path.resolve(source))} becomes data/${name}: ${said.join(", ")}.\n# After a change: npm run qdrl -- data import mapped --from configs/${name}/mapping.yaml --output data/${name}\n${stringify(mapping, { lineWidth: 0 })}`,
  );
  const { warnings } = await importMapped(file, outDir);
  return { warnings, roles, furtherColumns, textColumns: textColumnsOfDocuments(mapping.documents) };
}

/** `Shop 2024.csv` → Shop-2024. */
function nameOf(source: string): string {
  const base = path.basename(path.resolve(source));
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const name = isFolder ? base : base.slice(0, base.length - path.extname(base).length);
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "") || "own";
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
