import fs from "node:fs";
import { PayloadWriter } from "../browser/payload-bytes.js";
import type { Listener } from "../engine/progress.js";
import { ownEntry } from "../files/own-entry.js";
import { readSealed } from "../files/sealed-text.js";
import { UserError } from "../files/user-error.js";
import { lossCurve } from "../reporting/figures/loss-curve.js";
import { recallVsTypo } from "../reporting/figures/recall-vs-typo.js";
import { headline } from "../reporting/headline.js";
import { htmlPage } from "../reporting/html-page.js";
import { humanCount, humanTime } from "../reporting/human-numbers.js";
import type { Block } from "../reporting/page-blocks.js";
import { pairsTable } from "../reporting/pairs-table.js";
import { pictureAddress } from "../reporting/pictures.js";
import type { QueryRankings } from "../reporting/rankings-html.js";
import { type ResultsTable, resultsTable, type TestChoice } from "../reporting/results-table.js";
import { plainTable } from "../reporting/table.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { systemNames } from "../tracking/system-names.js";
import { compareRuns, evaluatedOn, type MetricSelection } from "./compare-runs.js";
import { comparedQueries } from "./compared-queries.js";
import { lossLines, pairsPerSecond, secondsSpent, typoLines } from "./curves.js";
import { liveContent } from "./live/live-content.js";
import { packMap } from "./live/pack-map.js";
import { packQueries } from "./live/pack-queries.js";
import { FREE_BYTES, packSearch } from "./live/pack-search.js";
import { wordsIn } from "./query-slices.js";
import type { ReportOptions } from "./report-options.js";
import { robustnessSections } from "./robustness-section.js";
import { catalogueRuns } from "./run-catalogue.js";
import { mostDifferent, type RankedQuery, rankedQueries, someRankings } from "./run-documents.js";
import { runMap } from "./run-map.js";
import { sourceFiles, USES } from "./run-sources.js";
import { RUNS_INTRO, runsData } from "./runs-page.js";
import { significantSlices, significantSlicesTable } from "./significant-slices.js";
import { summaryTable } from "./summary.js";

/** What a page shows of the measures that runs share, if nothing is asked for. */
const USUAL = ["Recall@10", "Recall@100", "MRR@10"];
const RANKED_QUERIES = 8;
/** Runs whose maps a page has. */
const MAPPED_RUNS = 2;
const NO_BREAK = "\u00a0";

/**
 * The page about a set of runs, and the tables on it.
 *
 * @param options.baseline  system that the others are compared with; default: BM25 if it is among them, else the first
 * @param options.live      whether the page carries the systems, to be searched; default: those that add up to 1 MB
 * @param options.measures  columns of the tables; default: nDCG@10 where judgements have grades, Recall@10, Recall@100, MRR@10
 * @throws UserError for a baseline that is none of the systems, or a measure that the runs do not share
 */
export async function composeReport(
  runs: readonly RunFolder[],
  options: ReportOptions & { listener: Listener },
): Promise<{ html: string; results: ResultsTable[] }> {
  const nameOf = systemNames(runs);
  const names = runs.map(nameOf);
  const { listener: _, ...choices } = options;
  const { measures, test } = options;
  checkBaseline(names, options.baseline);
  const groups = byDataset(runs);
  const baselineOf = (group: readonly RunFolder[]) => {
    const own = group.map(nameOf);
    return [options.baseline, "BM25"].find((name) => name !== undefined && own.includes(name)) ?? own[0]!;
  };
  const baseline = baselineOf(groups[0]!.runs);
  const results = groups.flatMap(({ runs: group, sets, typos, title }) =>
    sets.map((set) =>
      setTable(group, set, typos, baselineOf(group), `${title}Queries: ${set}`, { nameOf, measures, test }),
    ),
  );
  const main = results[0]!;
  const { sets } = groups[0]!;
  const trained = runs.filter((run) => run.manifest().kind === "dense");
  const best = bestSystem(main, baseline);
  const first = groups[0]!.runs;
  const shown =
    first.find((run) => nameOf(run) === best && run.manifest().kind === "dense") ??
    first.find((run) => run.manifest().kind === "dense");
  const reference = first.find((run) => nameOf(run) === baseline)!;
  const { dataset, counts } = first[0]!.manifest();
  const sections: { title: string; intro?: string; blocks: Block[] }[] = [
    {
      title: "Results",
      intro: `Every system answers the same queries over the same documents (${groups.map(({ name }) => name).join("; ")}). Recall@k is the share of the relevant documents among the first k, MRR@k the mean of 1/rank of the first relevant one.`,
      blocks: [
        ...results.map((table): Block => ({ kind: "results", results: table })),
        ...pairBlocks(groups, { nameOf, measures, test }),
      ],
    },
  ];
  const writer = new PayloadWriter();
  let payload =
    options.live === false
      ? null
      : await packSearch(first, writer, {
          limit: options.live ? Infinity : FREE_BYTES,
          nameOf,
          listener: options.listener,
        });
  if (payload)
    sections.push({
      title: "Search",
      intro: `The systems themselves, to be asked: ${payload.corpus.ids.length.toLocaleString("en")} documents, ranked as one types, in this file alone.`,
      blocks: [{ kind: "live", part: "search" }],
    });
  const misspelled = groups.filter(({ typos }) => typos.length > 1);
  if (misspelled.length > 0)
    sections.push({
      title: "Typos",
      intro:
        "The same queries with misspelled words: finger slips, dropped and swapped letters. Bands are 95 % intervals.",
      blocks: misspelled.flatMap(({ runs: group, sets, title }) =>
        sets.map((set): Block => {
          const measure = mainMeasure(group, set, measures);
          return {
            kind: "figure",
            figure: recallVsTypo(typoLines(group, { set, measure, nameOf }), measure),
            title: `${title}${measure} against the probability of a typo per word: ${set}`,
          };
        }),
      ),
    });
  sections.push(...robustnessSections(runs, nameOf));
  if (trained.length > 0)
    sections.push({
      title: "Training",
      intro:
        "Average loss per batch after each epoch, on training pairs and on validation pairs that were held out by query.",
      blocks: [
        {
          kind: "figure",
          figure: lossCurve(lossLines(trained, nameOf), { systems: [...new Set(names)] }),
          title: "Loss",
        },
        { kind: "table", table: speedTable(trained) },
      ],
    });
  if (shown && options.live !== false) {
    const others = first.filter((run) => run.manifest().kind === "dense" && run !== shown);
    payload = await packMap([shown, ...others].slice(0, MAPPED_RUNS), payload, writer, {
      ...{ measure: mainMeasure(first, sets[0]!, measures), nameOf, listener: options.listener },
    });
    sections.push({
      title: "Map",
      intro:
        "Documents and queries in the space of a trained encoder, laid out in the plane. Click a point for what is nearest in the model's own space, draw around points to list them, find them by name, colour them by any column or by how well their queries do, and put two runs side by side.",
      blocks: [{ kind: "live", part: "map" }],
    });
  } else if (shown) sections.push(await mapSection(shown, options.listener));
  if (shown)
    sections.push(
      await (shown === reference
        ? ownRankingSection(shown, sets[0]!)
        : rankingSection(reference, shown, sets[0]!)),
    );
  if (options.live !== false && fs.existsSync(dataset.dir)) {
    const compared: [RunFolder, RunFolder] = [shown ?? reference, reference];
    payload = await packQueries(first, payload, writer, {
      ...{ sets, typos: groups[0]!.typos, nameOf, compared },
      measures: sharedMeasures(first, sets[0]!, measures),
    });
    sections.push(
      ...(await slicesSection(compared, groups[0]!, mainMeasure(first, sets[0]!, measures), nameOf)),
      {
        title: "Queries",
        intro:
          "Every evaluation query with the values of every system; choose one to see what was found for it.",
        blocks: [{ kind: "live", part: "queries" }],
      },
    );
  }
  if (runs.length > 1)
    sections.push({
      title: "Runs",
      intro: RUNS_INTRO,
      blocks: [{ kind: "runs", runs: runsData(catalogueRuns(runs.map(({ dir }) => dir))) }],
    });
  sections.push(makingSection(runs));
  const live = payload && (await liveContent(payload, writer.bytes()));
  const html = htmlPage({
    ...(live ? { live } : {}),
    title: options.title ?? "What finds the right document?",
    ...(options.text && { text: options.text }),
    madeFrom: { rule: "report", files: runs.flatMap(sourceFiles), options: choices },
    eyebrow: `qdrl report · ${(runs[0]!.manifest().endedAt ?? "").slice(0, 10)}`,
    question:
      best === baseline
        ? `How much of what it should does ${baseline} find on ${dataset.name}?`
        : `Do encoders trained on pairs of queries and documents beat ${baseline} on ${dataset.name}, and by how much?`,
    answer:
      best === baseline
        ? [headline(main, baseline, main.metrics[0]!)]
        : [headline(main, best, main.metrics[0]!)],
    facts: facts(counts, trained),
    sections,
    sources: runs.flatMap((run) =>
      sourceFiles(run).map(({ file, sha256 }) => ({
        what: `${nameOf(run)}: ${USES[file]}`,
        ...{ run: run.dir, file, sha256 },
      })),
    ),
  });
  return { html, results };
}

/** Runs that can be compared: of one data set, with the evaluation sets and typo probabilities that all of them have. */
interface DatasetGroup {
  name: string;
  /** What titles begin with where a page tells of several data sets. */
  title: string;
  runs: RunFolder[];
  sets: string[];
  typos: number[];
}

/** @throws RangeError if runs of one data set share no evaluation set or no typo probability */
function byDataset(runs: readonly RunFolder[]): DatasetGroup[] {
  const groups = new Map<string, RunFolder[]>();
  for (const run of runs) {
    const { name, fingerprint } = run.manifest().dataset;
    const key = `${name} ${fingerprint}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const named = [...groups.values()].map((group) => group[0]!.manifest().dataset);
  return [...groups.values()].map((group, i) => {
    const { sets, typos } = evaluatedOn(...group);
    if (sets.length === 0 || typos.length === 0)
      throw new UserError(
        `report: runs of one data set must share an evaluation set and a typo probability, got none in common of ${group.map((run) => run.dir).join(", ")}; run qdrl evaluate`,
      );
    const { name, fingerprint } = named[i]!;
    const twice = named.filter((other) => other.name === name).length > 1;
    const label = twice ? `${name} (${fingerprint.slice(0, 8)})` : name;
    return { name: label, title: named.length > 1 ? `${label}. ` : "", runs: group, sets, typos };
  });
}

/** Measures that every run has on a set, those that a page shows first. @throws RangeError if they share none */
function sharedMeasures(runs: readonly RunFolder[], set: string, asked?: readonly string[]): string[] {
  const each = runs.map((run) =>
    Object.keys(run.queries().find((result) => result.set === set)?.values ?? {}),
  );
  const shared = each[0]!.filter((measure) => each.every((measures) => measures.includes(measure)));
  if (shared.length === 0)
    throw new UserError(
      `report: runs must share a measure on set "${set}", got ${runs.map((run, i) => `${run.dir}: ${each[i]!.join(", ")}`).join("; ")}; run qdrl evaluate with one --k`,
    );
  const lacking = asked?.find((measure) => !shared.includes(measure));
  if (lacking !== undefined)
    throw new UserError(
      `measures: must be ones that every run has on set "${set}" (${shared.join(", ")}), got "${lacking}"; run qdrl evaluate --measures ${lacking}`,
    );
  if (asked !== undefined) return [...asked];
  if (shared.includes("nDCG@10") && hasGrades(runs[0]!, set))
    return ["nDCG@10", ...shared.filter((measure) => USUAL.includes(measure))];
  const usual = shared.filter((measure) => USUAL.includes(measure));
  return usual.length > 0 ? usual : shared.slice(0, 3);
}

function mainMeasure(runs: readonly RunFolder[], set: string, asked?: readonly string[]): string {
  return sharedMeasures(runs, set, asked)[0]!;
}

function checkBaseline(names: readonly string[], asked: string | undefined): void {
  if (asked !== undefined && !names.includes(asked))
    throw new UserError(`baseline: must be one of ${[...new Set(names)].join(", ")}, got "${asked}"`);
}

interface SetOptions {
  nameOf?: ((run: RunFolder) => string) | undefined;
  measures?: readonly string[] | undefined;
  test?: TestChoice | undefined;
}

/** The comparison on one evaluation set: clean measures first, then the harder half of the typo probabilities. */
export function setTable(
  runs: readonly RunFolder[],
  set: string,
  typos: readonly number[],
  baseline: string,
  title = `Queries: ${set}`,
  { nameOf, measures, test }: SetOptions = {},
): ResultsTable {
  const selections: MetricSelection[] = sharedMeasures(runs, set, measures).map((measure) => ({
    label: measure,
    set,
    measure,
    typo: typos[0]!,
  }));
  for (const typo of typos.filter((p) => p > 0 && p >= 0.5))
    selections.push({
      label: `${selections[0]!.measure}, typos ${typo}`,
      set,
      measure: selections[0]!.measure,
      typo,
    });
  return resultsTable(compareRuns(runs, selections, nameOf), {
    ...{ title, baseline },
    ...(test && { test }),
    metrics: selections.map((selection) => selection.label),
  });
}

function bestSystem(table: ResultsTable, baseline: string): string {
  const others = table.rows.filter((row) => row.system !== baseline && row.cells[0]);
  others.sort((a, b) => b.cells[0]!.mean - a.cells[0]!.mean);
  return others[0]?.system ?? baseline;
}

function facts(counts: Record<string, number>, trained: readonly RunFolder[]) {
  const list: { label: string; value: string; about?: string }[] = [];
  const add = (label: string, value: number | undefined) => {
    if (value !== undefined) list.push({ label, value: value.toLocaleString("en") });
  };
  const all = { ...counts, ...(trained[0]?.manifest().counts ?? {}) };
  for (const [key, value] of Object.entries(all))
    if (/^\S+ documents$/.test(key) && list.length === 0) add("documents", value);
  add("training pairs", all["training rows"]);
  const queries = Object.entries(all).filter(([key]) => /^\S+ queries$/.test(key));
  if (queries.length > 0)
    list.push({
      label: "evaluation queries",
      value: queries.reduce((sum, [, value]) => sum + value, 0).toLocaleString("en"),
      about: queries
        .map(([key, value]) => `${value.toLocaleString("en")} ${key.replace(/ queries$/, "")}`)
        .join(", "),
    });
  const speed = trained.flatMap((run) => pairsPerSecond(run) ?? []);
  if (speed.length > 0)
    list.push({ label: "pairs trained per second", value: humanCount(Math.max(...speed)) });
  return list;
}

/** Every pair of systems on the main measure of each set; nothing for fewer than three systems, whose table says it. */
function pairBlocks(groups: readonly DatasetGroup[], { nameOf, measures, test }: SetOptions): Block[] {
  return groups.flatMap(({ runs, sets, typos, title }) =>
    sets.flatMap((set): Block[] => {
      const measure = mainMeasure(runs, set, measures);
      const systems = compareRuns(runs, [{ label: measure, set, measure, typo: typos[0]! }], nameOf);
      if (systems.length < 3) return [];
      const table = pairsTable(systems, {
        ...{ metric: measure, title: `${title}Won, tied, lost: ${set}, ${measure}` },
        ...(test && { test }),
      });
      return [{ kind: "details", summary: table.title!, blocks: [{ kind: "table", table }] }];
    }),
  );
}

/** Whether the judgements that a run was evaluated with have several grades. */
function hasGrades(run: RunFolder, set: string): boolean {
  return run.queries().some((result) => result.set === set && result.grades !== undefined);
}

export function speedTable(trained: readonly RunFolder[]) {
  return plainTable(
    ["system", "seed", "parameters", "pairs/s", "training", "evaluation", "checkpoints"],
    trained.map((run) => {
      const { system, seed, counts } = run.manifest();
      const spent = secondsSpent(run);
      const time = (name: string) => humanTime(ownEntry(spent, name) ?? 0).replaceAll(" ", NO_BREAK);
      const speed = pairsPerSecond(run);
      return [
        system,
        String(seed),
        (counts["parameters"] ?? 0).toLocaleString("en"),
        speed === null ? "–" : humanCount(speed),
        time("train"),
        time("evaluate"),
        time("checkpoint"),
      ];
    }),
    { title: "Where the time went" },
  );
}

async function mapSection(run: RunFolder, listener: Listener) {
  const { figure, statement } = await runMap(run, { listener });
  return {
    title: "Map",
    intro: `Documents and queries in the space of ${run.manifest().system}, laid out in the plane. A query has the colour of its first relevant document's group.`,
    blocks: [
      { kind: "figure" as const, figure, title: "Queries and documents in one space", caption: statement },
    ],
  };
}

/** Where two systems differ, found by testing every slice; no section where they are one. */
async function slicesSection(
  [a, b]: readonly [RunFolder, RunFolder],
  { sets, typos }: Pick<DatasetGroup, "sets" | "typos">,
  measure: string,
  nameOf: (run: RunFolder) => string,
): Promise<{ title: string; intro: string; blocks: Block[] }[]> {
  if (a === b) return [];
  const blocks: Block[] = [];
  const most = Math.max(...typos);
  const settings = sets.map((set) => ({ set, typo: typos[0]! }));
  if (most > typos[0]!) settings.push({ set: sets[0]!, typo: most });
  for (const { set, typo } of settings) {
    const queries = await comparedQueries(a, b, { set, measure, typo, nameOf });
    const found = significantSlices(queries, wordsIn(a));
    const names = { a: nameOf(a), b: nameOf(b), measure };
    const title = `Queries: ${set}${typo === 0 ? "" : `, typos ${typo}`}`;
    blocks.push({ kind: "table", table: { title, ...significantSlicesTable(found, names) } });
  }
  return [
    {
      title: "Slices",
      intro: `Kinds of queries on which ${nameOf(a)} and ${nameOf(b)} differ, found by testing all of them: by length, category, rarity of words, digits, number of relevant documents, kind of typo and whatever the data set divides its queries by.`,
      blocks,
    },
  ];
}

async function rankingSection(reference: RunFolder, shown: RunFolder, set: string) {
  const ids = mostDifferent(shown, reference, { set, count: RANKED_QUERIES });
  const rankings = await rankedQueries([shown, reference], { set, ids });
  return {
    title: "Rankings",
    intro: `The queries on which the two systems differ most, alternately in favour of each (${set}, without typos). Relevant documents are framed.`,
    blocks: [{ kind: "rankings" as const, rankings: rankings.map(withPictures) }],
  };
}

async function ownRankingSection(shown: RunFolder, set: string) {
  return {
    title: "Rankings",
    intro: `Queries spread evenly over the set (${set}). Relevant documents are framed.`,
    blocks: [
      { kind: "rankings" as const, rankings: (await someRankings(shown, RANKED_QUERIES)).map(withPictures) },
    ],
  };
}

/** Picture files read in, as a self-contained page needs them; a missing file leaves the name alone. */
export function withPictures(ranking: RankedQuery): QueryRankings {
  const { pictureFile: shown, ...rest } = ranking;
  return {
    ...rest,
    ...(shown !== undefined && fs.existsSync(shown) ? { picture: pictureAddress(shown) } : {}),
    lists: ranking.lists.map((list) => ({
      ...list,
      documents: list.documents.map(({ pictureFile, ...document }) =>
        pictureFile !== undefined && fs.existsSync(pictureFile)
          ? { ...document, picture: pictureAddress(pictureFile) }
          : document,
      ),
    })),
  };
}

function makingSection(runs: readonly RunFolder[]) {
  const { dataset, host, commit, packages, backend } = runs.at(-1)!.manifest();
  const rows: [string, string][] = [
    ["data set", `${dataset.name}, ${dataset.dir}, fingerprint ${dataset.fingerprint.slice(0, 16)}…`],
    ["code", commit ?? "not in a repository"],
    [
      "packages",
      Object.entries(packages)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    [
      "host",
      `${host.cpu}, ${host.cores} cores, ${host.memoryGb} GB, Node ${host.node}, ${host.platform}, backend ${backend}`,
    ],
  ];
  const blocks: Block[] = [{ kind: "table", table: plainTable(["", ""], rows) }];
  for (const run of runs)
    blocks.push({
      kind: "details",
      summary: `${run.manifest().system}, seed ${run.manifest().seed}: all measures, configuration`,
      blocks: [
        { kind: "table", table: summaryTable(run.queries(), run.manifest().system) },
        { kind: "code", text: readSealed(run.configFile) },
      ],
    });
  return { title: "How it was made", blocks };
}
