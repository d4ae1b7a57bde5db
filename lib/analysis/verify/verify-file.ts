import path from "node:path";
import { readText } from "../../config/read-text.js";
import type { Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { anchorRuns, linkRuns } from "../../reporting/link-runs.js";
import { readMadeFromLine } from "../../reporting/made-from.js";
import type { MadeFrom, SourceFile } from "../../reporting/number-source.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { resultsHtml, resultsLatex, resultsMarkdown } from "../../reporting/results-table-view.js";
import { type Compared, comparePieces } from "./compare-pieces.js";
import { changedFiles, checked, distinctFiles } from "./made-from-schema.js";
import { makePageAgain, makeResultsAgain } from "./make-again.js";
import { countNumbers, htmlPieces, linePieces, type Piece, unescapeHtml } from "./page-pieces.js";

export interface Verified extends Compared {
  /** The files that the numbers were made again from; their hashes are as stated. */
  files: SourceFile[];
}

/**
 * Makes every number of a file again from the files of runs that it names, by the code that made it, and compares as printed.
 *
 * Pages of `qdrl report`, `qdrl compare` and `--table` are made again whole: tables, headline, figures' data, search
 * box, map and rankings, for which the data set must be there. In notebooks (outputs), LaTeX and Markdown every table of
 * results says what it is from; any other number in them is a finding.
 *
 * @throws UserError for a kind of file that carries no sources, for one without any, and where a run's file has changed
 */
export async function verifyFile(file: string, options: { listener: Listener }): Promise<Verified> {
  const read = Object.hasOwn(readers, path.extname(file)) ? readers[path.extname(file)] : undefined;
  if (read === undefined)
    throw new UserError(
      `verify: must be a run folder or a file that ends with ${Object.keys(readers).join(", ")}, got "${file}"`,
    );
  const { shown, sources, make } = read(readText(file), file);
  if (sources.length === 0)
    throw new UserError(
      `${file}: must carry what its numbers come from, got ${shown.reduce((sum, piece) => sum + countNumbers(piece), 0)} numbers without a source; write it again with qdrl report, qdrl compare or --table`,
    );
  const changed = changedFiles(sources);
  if (changed.length > 0) throw new UserError(changed.join("\n"));
  return { files: distinctFiles(sources), ...(await make(options.listener)) };
}

interface Readable {
  shown: Piece[];
  sources: MadeFrom[];
  make(listener: Listener): Promise<Compared>;
}

const readers: Readonly<Record<string, (text: string, file: string) => Readable>> = {
  ".html": (text, file) => {
    const shown = htmlPieces(text);
    const island = /<script type="application\/json" id="made-from">([\s\S]*?)<\/script>/.exec(text)?.[1];
    if (island === undefined) return fragments(text, file);
    const source = checked("madeFromSchema", parsed(island, file), file);
    const make = async (listener: Listener) =>
      comparePieces(shown, htmlPieces(await makePageAgain(source, file, listener)));
    return { shown, sources: [source], make };
  },
  ".ipynb": (text, file) => {
    const { cells = [] } = parsed(text, file) as { cells?: { outputs?: unknown[] }[] };
    const outputs = cells.flatMap((cell) => cell.outputs ?? []) as {
      data?: Record<string, string | string[]>;
    }[];
    const html = outputs.map(({ data }) => [data?.["text/html"] ?? []].flat().join(""));
    return fragments(html.join("\n"), file);
  },
  ".md": (text, file) => lines(text, file, (table) => resultsMarkdown(table)),
  ".tex": (text, file) => lines(text, file, (table) => resultsLatex(table)),
};

/** Tables within other HTML: each says what it is made from. */
function fragments(html: string, file: string): Readable {
  const found = [...html.matchAll(/<figure class="q-table" data-made-from="([^"]*)">[\s\S]*?<\/figure>/g)];
  const sources = found.map(([, json]) => checked("madeFromSchema", parsed(unescapeHtml(json!), file), file));
  const shown = htmlPieces(html);
  const make = async (): Promise<Compared> => {
    let at = 0;
    const again = found.map((match, i) => {
      const before = html.slice(at, match.index);
      at = match.index! + match[0].length;
      return { before, ...nearest(sources[i]!, file, match[0], htmlPieces, resultsHtml) };
    });
    const rest = [...again.map(({ before }) => before), html.slice(at)].flatMap(htmlPieces);
    return joined([
      ...again,
      comparePieces(
        rest.filter(({ kind }) => kind !== "data"),
        [],
      ),
    ]);
  };
  return { shown, sources, make };
}

/** A file of lines that a table's source stands before or after. */
function lines(text: string, file: string, write: (table: ResultsTable) => string): Readable {
  const shown = linePieces(text);
  const sources = text.split("\n").flatMap((line) => {
    const source = readLine(line, file);
    return source === null ? [] : [checked("madeFromSchema", source, file)];
  });
  const make = async () => {
    const forms = sources.map((source) => linkedForms(makeResultsAgain(source, file), file).map(write));
    const written = [0, 1, 2].map((form) => linePieces(forms.map((all) => all[form]!).join("\n\n")));
    return best(written.map((made) => comparePieces(shown, made)));
  };
  return { shown, sources, make };
}

/** A table is shown with links to its runs, in the page or in the folder, or without. */
function linkedForms(table: ResultsTable, file: string): ResultsTable[] {
  return [table, linkRuns(table, path.dirname(file)), anchorRuns(table)];
}

function nearest(
  source: MadeFrom,
  file: string,
  text: string,
  read: (text: string) => Piece[],
  write: (table: ResultsTable) => string,
): Compared {
  const shown = read(text);
  const forms = linkedForms(makeResultsAgain(source, file), file);
  return best(forms.map((form) => comparePieces(shown, read(write(form)))));
}

function best(all: readonly Compared[]): Compared {
  return [...all].sort((a, b) => a.findings.length - b.findings.length)[0]!;
}

function joined(all: readonly Compared[]): Compared {
  const sum = (kind: keyof Compared["confirmed"]) =>
    all.reduce((total, { confirmed }) => total + confirmed[kind], 0);
  return {
    confirmed: { text: sum("text"), hint: sum("hint"), data: sum("data") },
    findings: all.flatMap(({ findings }) => findings),
  };
}

function readLine(line: string, file: string): unknown {
  try {
    return readMadeFromLine(line);
  } catch {
    throw new UserError(`${file}: what it is made from is damaged, must be JSON`);
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file}: must hold JSON, got a damaged file`);
  }
}
