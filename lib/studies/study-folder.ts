import path from "node:path";
import { parse } from "yaml";
import { formatConfig } from "../experiment/load-config.js";
import type { SweepConfig } from "../experiment/sweep-schema.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import { htmlPage, type ReportPage } from "../reporting/html-page.js";
import type { Table } from "../reporting/table.js";
import { tableMarkdown } from "../reporting/table-markdown.js";

/** Where a study's results lie: `<output>/<task>/`. */
export function studyFolder(output: string, task: string): string {
  return path.join(output, task);
}

/** A sweep with changes and seeds of a command line written into it, so that its file alone says what is trained. */
export function fixedSweep(
  sweep: SweepConfig,
  overrides: readonly string[] = [],
  seeds: readonly number[] = sweep.seeds,
): SweepConfig {
  const changes = Object.fromEntries(
    overrides.map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw new UserError(`--set: must be key.path=value, got "${text}"`);
      return [text.slice(0, equals), parse(text.slice(equals + 1)) as unknown];
    }),
  );
  const rows = sweep.rows?.map((row) => ({ ...row, set: { ...row.set, ...changes } }));
  return { ...sweep, seeds: [...seeds], ...(rows && { rows }) };
}

/** Writes the sweep that a study trains, for `qdrl sweep` and `qdrl submit` to train it elsewhere. @returns its file */
export function writeStudySweep(folder: string, sweep: SweepConfig): string {
  const file = path.join(folder, "sweep.yaml");
  atomicWriteFile(file, formatConfig(sweep));
  return file;
}

/** Writes what a study found: its page, tables and numbers. @returns the page's file */
export function writeStudy(
  folder: string,
  found: { page: ReportPage; tables: Readonly<Record<string, Table>>; numbers: object },
): string {
  for (const [name, table] of Object.entries(found.tables))
    atomicWriteFile(path.join(folder, `${name}.md`), tableMarkdown(table));
  atomicWriteFile(path.join(folder, "study.json"), `${JSON.stringify(found.numbers, null, 2)}\n`);
  const file = path.join(folder, "index.html");
  atomicWriteFile(file, htmlPage(found.page));
  return file;
}
