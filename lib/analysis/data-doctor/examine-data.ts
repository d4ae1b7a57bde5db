import { defaultListener, type Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { systemFor } from "./answering-system.js";
import { dataExaminations } from "./examinations.js";
import type { DataExamination, DataFinding, DoctorSettings, QueuedPair } from "./finding.js";
import { takeCensus } from "./pair-census.js";
import { openPairSource } from "./sources/open-pair-source.js";
import type { PairSource } from "./sources/pair-source.js";

export interface ExamineDataOptions {
  /** names of examinations, or of their parts (`duplicates:rows`); null = all */
  only?: readonly string[] | null;
  /** finished run whose system ranks suspects; null = BM25 */
  run?: string | null;
  /** public test sets: data sets, folders or files */
  against?: readonly string[];
  /** Jaccard similarity of near-duplicates, in (0, 1] (default .8) */
  near?: number;
  /** scores from which on suspects are counted, and changed in a mended copy (defaults .6 and .8) */
  wrong?: number;
  missing?: number;
  /** examples of a finding (default 5) */
  examples?: number;
  /** most suspects of each kind (default 1000) */
  suspects?: number;
  /** role → column of a table */
  columns?: Readonly<Record<string, string | null>>;
  listener?: Listener;
}

/** What the data doctor says of a data set. */
export interface DataReport {
  dataset: string;
  name: string;
  kind: string;
  counts: { trainingRows: number; heldOutRows: number; queries: number; documents: number; parts: string[] };
  findings: DataFinding[];
  /** pairs to be judged, all kinds, worst first within a kind */
  queue: QueuedPair[];
  seconds: number;
  peakBytes: number;
}

/**
 * Examines query–document pairs: one pass over the data, in which every examination sees each different text once, then the
 * pairs as numbers. Memory is some 60 bytes a row and as much for each different text, beside at most 150 million
 * characters of texts kept for examples; beyond those, suspects are not looked for.
 *
 * @param dataset see openPairSource; or pairs from elsewhere
 * @throws UserError in one line for unknown names and for what holds no pairs
 */
export async function examineData(
  dataset: string | PairSource,
  options: ExamineDataOptions = {},
): Promise<{ report: DataReport; source: PairSource }> {
  const began = performance.now();
  const { only = null, listener = defaultListener(), near = 0.8, columns = {} } = options;
  if (!(near > 0 && near <= 1)) throw new UserError(`--near: must be above 0 and at most 1, got ${near}`);
  const chosen = chooseExaminations(only, options);
  const source = typeof dataset === "string" ? await openPairSource(dataset, columns) : dataset;
  const named = typeof dataset === "string" ? dataset : dataset.name;
  const settings: DoctorSettings = {
    dataset: named,
    near,
    heldOut: source.heldOut.length,
    run: options.run ?? null,
    against: options.against ?? [],
    wrong: options.wrong ?? 0.6,
    missing: options.missing ?? 0.8,
    examples: options.examples ?? 5,
    suspects: options.suspects ?? 1000,
    listener,
  };
  const begun: [DataExamination, Awaited<ReturnType<DataExamination["begin"]>>][] = [];
  for (const examination of chosen) begun.push([examination, await examination.begin(settings, source)]);
  const observers = begun.map(([, observer]) => observer);
  const census = await takeCensus(
    source,
    observers.filter((observer) => observer.text !== undefined),
    listener,
  );
  if (census.rows === 0) throw new UserError(`${named}: must hold pairs of a query and a document, got none`);
  const findings: DataFinding[] = [];
  try {
    for (const [{ name }, observer] of begun) {
      const found = await observer.finish(census);
      findings.push(...found.filter((finding) => isAsked(finding, name, only)));
    }
  } finally {
    if (chosen.some(({ name }) => name === "suspects" || name === "judgement-holes"))
      await systemFor(census, settings.run, listener).then(
        (system) => system.close(),
        () => {},
      );
  }
  const report: DataReport = {
    dataset: named,
    name: source.name,
    kind: source.kind,
    counts: {
      trainingRows: census.rows - census.firstTraining,
      heldOutRows: census.firstTraining,
      queries: census.queries.size,
      documents: census.documents.size,
      parts: census.parts,
    },
    findings,
    queue: findings.flatMap(({ queue = [] }) => queue),
    seconds: (performance.now() - began) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  return { report, source };
}

function chooseExaminations(
  only: readonly string[] | null,
  { against = [] }: ExamineDataOptions,
): DataExamination[] {
  for (const name of only ?? [])
    if (!dataExaminations.some((examination) => examination.name === name.split(":")[0]))
      throw new UserError(
        `unknown examination "${name}"; known: ${dataExaminations
          .map((one) => one.name)
          .sort()
          .join(", ")}`,
      );
  if (only?.some((name) => name.split(":")[0] === "public-overlap") && against.length === 0)
    throw new UserError("--only public-overlap: must be given with --against, got none");
  return dataExaminations.filter(
    ({ name }) => only === null || only.some((one) => one.split(":")[0] === name),
  );
}

/** A finding with a name of its own can be asked for alone; without it the default does not drop its rows. */
function isAsked(finding: DataFinding, examination: string, only: readonly string[] | null): boolean {
  return only === null || only.includes(examination) || only.includes(finding.name ?? finding.check);
}
