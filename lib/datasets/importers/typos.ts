import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { replaceFolder } from "../../files/replace-folder.js";
import { writeJsonLines } from "../json-lines.js";
import { type DatasetManifest, writeManifest } from "../manifest.js";
import { type Misspelling, misspellingsFile, type TypoQuery, typoQueriesFile } from "../misspellings.js";
import { type PinnedFile, readJudgingSources } from "../source-files.js";
import type { ImportOptions } from "./msrd.js";

const crateCi =
  "https://raw.githubusercontent.com/crate-ci/typos/3bc303c295c081add5df4a4d52a1e117f2fb2dce/crates";
const codespell =
  "https://raw.githubusercontent.com/codespell-project/codespell/b69d26d50765ba513dbd009fce882d4de338037c";
const dlTypo =
  "https://raw.githubusercontent.com/ielab/CharacterBERT-DR/92f08aa13c64eb46675ecfb89c5487f4cec7b866/data/dl-typo";

const words = "crate-ci-typos-words.csv.gz";
const dictionary = "codespell-dictionary.txt.gz";
const wikipedia = "wikipedia-common-misspellings.txt.gz";

const typoFiles: readonly PinnedFile[] = [
  {
    name: words,
    url: `${crateCi}/typos-dict/assets/words.csv`,
    sha256: "8d30a9321de28a0c528402a5eb69054ca350d1c49eaa5363def460739b9fbc1d",
    gzipCopy: true,
  },
  {
    name: dictionary,
    url: `${codespell}/codespell_lib/data/dictionary.txt`,
    sha256: "7be732661e4058e2565886bebe1085a4bc85cd21fd9b04c53a42734a2411550e",
    gzipCopy: true,
  },
  {
    name: wikipedia,
    url: `${crateCi}/wikipedia-dict/assets/dictionary.txt`,
    sha256: "0cb6edbee4d6127cb1a03f12e304bac8893dd996456ef73192576871cc87912b",
    gzipCopy: true,
  },
  {
    name: "dl-typo/query.tsv",
    url: `${dlTypo}/query.tsv`,
    sha256: "c19cd9a9294029a74648370072a1b6feb9001de777ff679329be51225e004390",
  },
  {
    name: "dl-typo/query.typo.tsv",
    url: `${dlTypo}/query.typo.tsv`,
    sha256: "8f6ca5d2605c7a457dcd6a8081ec66ca10f46e1d1c4820cc6913b1b64f35bef9",
  },
  {
    name: "dl-typo/query.typo.ms.tsv",
    url: `${dlTypo}/query.typo.ms.tsv`,
    sha256: "1b716979b64cc80a036f65b3d20cd44ee29c0e08adc45b150fac60dbf52b926a",
  },
  {
    name: "dl-typo/query.typo.py.tsv",
    url: `${dlTypo}/query.typo.py.tsv`,
    sha256: "991da43939915913c7bec2fdd2e244500fd4796f399adb99fb605472b80793ca",
  },
  {
    name: "dl-typo/qrels.txt",
    url: `${dlTypo}/qrels.txt`,
    sha256: "028cfc3c99e8272c615e3ffbb98d41bc7c9f778175052f35a4aa4e62120f46e1",
  },
];

/**
 * Imports real misspellings: the lists of crate-ci/typos, codespell and Wikipedia as one file, and DL-Typo's searches
 * with their misspelled forms. No pool of documents, so nothing to train on by itself.
 *
 * @throws DataError if a source is missing or differs from the pinned one
 */
export async function importTypos(options: ImportOptions): Promise<DatasetManifest> {
  return writeTypos(await readJudgingSources(typoFiles, options), options.outDir);
}

/** {@link importTypos} from the bytes of the files, unpacked. */
export async function writeTypos(
  sources: ReadonlyMap<string, Buffer>,
  outDir: string,
): Promise<DatasetManifest> {
  const text = (name: string) => {
    const bytes = sources.get(name);
    if (bytes === undefined) throw new DataError(`importTypos: source "${name}" must be given, found none`);
    return bytes.toString("utf8");
  };
  const list = mergeMisspellings([
    { source: "crate-ci", pairs: crateCiPairs(text(words)) },
    { source: "codespell", pairs: arrowPairs(text(dictionary), true) },
    { source: "wikipedia", pairs: arrowPairs(text(wikipedia), false) },
  ]);
  const [query, typo, bing, pyspellchecker] = ["", ".typo", ".typo.ms", ".typo.py"].map((kind) =>
    tabbed(text(`dl-typo/query${kind}.tsv`)),
  ) as [Map<string, string>, Map<string, string>, Map<string, string>, Map<string, string>];
  const queries = [...query].map(([id, clean]): TypoQuery => {
    const of = (map: Map<string, string>) => (map.get(id) ?? "").trim();
    return { query_id: id, query: clean, typo: of(typo), bing: of(bing), pyspellchecker: of(pyspellchecker) };
  });
  return replaceFolder(outDir, async (folder) => {
    writeJsonLines(path.join(folder, misspellingsFile), list);
    writeJsonLines(path.join(folder, typoQueriesFile), queries);
    atomicWriteFile(path.join(folder, "dl_typo_qrels.txt"), text("dl-typo/qrels.txt"));
    return writeManifest(folder, { ...describe(), counts: countsOf(list, queries) });
  });
}

interface NamedPairs {
  source: string;
  /** Misspelling → corrections. */
  pairs: Map<string, string[]>;
}

function mergeMisspellings(lists: readonly NamedPairs[]): Misspelling[] {
  const merged = new Map<string, Misspelling>();
  for (const { source, pairs } of lists)
    for (const [misspelling, corrections] of pairs) {
      const entry = merged.get(misspelling) ?? { misspelling, corrections: [], sources: [] };
      for (const correction of corrections)
        if (!entry.corrections.includes(correction)) entry.corrections.push(correction);
      entry.sources.push(source);
      merged.set(misspelling, entry);
    }
  return [...merged.values()].sort((a, b) => (a.misspelling < b.misspelling ? -1 : 1));
}

/** `misspelling,correction,…` */
function crateCiPairs(text: string): Map<string, string[]> {
  const pairs = new Map<string, string[]>();
  for (const line of linesOf(text)) {
    const [misspelling, ...corrections] = line.split(",");
    pairs.set(
      misspelling!,
      corrections.filter((correction) => correction !== ""),
    );
  }
  return pairs;
}

/** `misspelling->correction, …`; in codespell's form, what follows the last comma is a remark. */
function arrowPairs(text: string, remarks: boolean): Map<string, string[]> {
  const pairs = new Map<string, string[]>();
  for (const line of linesOf(text)) {
    const [misspelling, rest] = line.split("->");
    if (rest === undefined)
      throw new DataError(`importTypos: line must be "misspelling->correction", got "${line}"`);
    const parts = rest.split(",").map((part) => part.trim());
    pairs.set(misspelling!, remarks && parts.length > 1 ? parts.slice(0, -1) : parts);
  }
  return pairs;
}

function tabbed(text: string): Map<string, string> {
  return new Map(linesOf(text).map((line) => line.split("\t") as [string, string]));
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== "");
}

function countsOf(list: readonly Misspelling[], queries: readonly TypoQuery[]): Record<string, number> {
  const onlyWikipedia = list.filter(
    (entry) => entry.sources.length === 1 && entry.sources[0] === "wikipedia",
  ).length;
  return {
    misspellings: list.length,
    misspellingsOfCrateCiAndCodespell: list.length - onlyWikipedia,
    misspellingsOfWikipediaOnly: onlyWikipedia,
    pairs: list.reduce((sum, entry) => sum + entry.corrections.length, 0),
    ambiguousMisspellings: list.filter((entry) => entry.corrections.length > 1).length,
    dlTypoQueries: queries.length,
  };
}

function describe() {
  return {
    name: "typos",
    builder: { name: "typos", version: 1 },
    options: {},
    sources: [
      {
        name: "crate-ci/typos word list",
        url: typoFiles[0]!.url,
        licence: "MIT OR Apache-2.0, from lists under CC-BY-SA-3.0",
      },
      { name: "codespell dictionary", url: typoFiles[1]!.url, licence: "CC-BY-SA-3.0" },
      { name: "Wikipedia, lists of common misspellings", url: typoFiles[2]!.url, licence: "CC-BY-SA-3.0" },
      { name: "DL-Typo queries and judgements", url: dlTypo, licence: "Apache-2.0" },
    ],
    licence: "CC-BY-SA-3.0 (word lists), Apache-2.0 (DL-Typo)",
    splitRule: "none: lists, not a task",
    notes: [
      "97,850 misspellings are in crate-ci's or codespell's list; Wikipedia's adds 27 of its own.",
      "DL-Typo's judgements (dl_typo_qrels.txt) are about passages of MS MARCO, which are not part of this.",
    ],
    columns: { query: {}, document: {} },
    evaluationSets: [],
  };
}
