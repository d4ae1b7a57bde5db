import fs from "node:fs";
import path from "node:path";
import { makeFolder } from "../files/make-folder.js";
import { spreadsheetText } from "../files/spreadsheet-text.js";
import { namingFile } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";

/**
 * A log as a comma-separated file, one row at a time, readable while it grows (RFC 4180; lines end in LF). Line
 * breaks in cells become spaces, so that a line is a row.
 *
 * An existing file is appended to if its heading is the same; a last line without its end, which a killed process
 * leaves, is cut off first.
 */
export class CsvLog {
  private handle: number | null;

  /**
   * @param file     made if missing, with its folder
   * @param columns  the heading, at least one, all different
   * @throws RangeError if the file has another heading
   */
  constructor(
    readonly file: string,
    readonly columns: readonly string[],
  ) {
    if (columns.length === 0 || new Set(columns).size !== columns.length)
      throw new UserError(
        `CsvLog: columns must be one or more, all different, got ${columns.join(", ") || "none"}`,
      );
    makeFolder(path.dirname(file));
    const heading = columns.map(csvCell).join(",");
    const before = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
    const whole = before.subarray(0, before.lastIndexOf(0x0a) + 1);
    const found = whole.toString("utf8").split("\n", 1)[0]!;
    if (whole.length > 0 && found !== heading)
      throw new UserError(`${file}: heading must be ${heading}, got ${found}`);
    this.handle = fs.openSync(file, "a");
    if (whole.length < before.length) fs.ftruncateSync(this.handle, whole.length);
    if (whole.length === 0) fs.appendFileSync(this.handle, `${heading}\n`);
  }

  /**
   * @param row  by column; absent or null: an empty cell
   * @throws RangeError for a name that is no column
   */
  write(row: Readonly<Record<string, string | number | boolean | null | undefined>>): void {
    if (this.handle === null) throw new UserError(`CsvLog: must be open, got a closed one (${this.file})`);
    const stray = Object.keys(row).find((name) => !this.columns.includes(name));
    if (stray !== undefined)
      throw new UserError(`${this.file}: unknown column "${stray}"; known: ${this.columns.join(", ")}`);
    const { handle } = this;
    const line = `${this.columns.map((name) => csvCell(row[name] ?? "")).join(",")}\n`;
    namingFile(this.file, () => fs.appendFileSync(handle, line));
  }

  /** Syncs and closes the file; closing twice is fine. */
  close(): void {
    if (this.handle === null) return;
    fs.fsyncSync(this.handle);
    fs.closeSync(this.handle);
    this.handle = null;
  }
}

function csvCell(value: string | number | boolean): string {
  const text = (typeof value === "string" ? spreadsheetText(value) : String(value)).replace(
    /\r\n|[\r\n]/g,
    " ",
  );
  return /[",]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
