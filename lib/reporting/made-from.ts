import { escapeHtml } from "./escape.js";
import type { MadeFrom } from "./number-source.js";

const MARK = "qdrl made from ";

/** As one line for the comments of a text file; nothing in it ends a comment of HTML. */
export function madeFromLine(madeFrom: MadeFrom): string {
  const json = JSON.stringify(madeFrom).replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e");
  return `${MARK}${json}`;
}

/** As an attribute of an element. */
export function madeFromAttribute(madeFrom: MadeFrom | undefined): string {
  return madeFrom === undefined ? "" : ` data-made-from="${escapeHtml(JSON.stringify(madeFrom))}"`;
}

/** What a line of comment says, null if it says nothing of the kind. */
export function readMadeFromLine(line: string): MadeFrom | null {
  const at = line.indexOf(MARK);
  if (at < 0) return null;
  const json = line.slice(at + MARK.length).replace(/\s*-->\s*$/, "");
  return JSON.parse(json) as MadeFrom;
}
