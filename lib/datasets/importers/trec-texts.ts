import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import { readLines } from "../../files/lines.js";
import { type JsonRecord, jsonLineRows } from "../json-lines.js";
import { emptyReadReport } from "../read-report.js";

/** A document of a TREC collection. */
export interface TrecDocument {
  id: string;
  title: string;
  text: string;
}

const ids = ["_id", "id", "docno", "docid", "doc_id", "qid", "query_id", "num", "number", "topic_id"];
const titles = ["title", "headline", "name"];
const bodies = ["text", "contents", "content", "body", "abstract", "passage"];
const phrases = ["query", "title", "text", "question", "description"];

/**
 * Documents of a file or of all files below a folder: TREC's SGML (`<DOC>` with `<DOCNO>`; a title in `<TITLE>`, `<HEADLINE>`,
 * `<HEAD>`, `<HL>` or `<TI>`, the text in `<TEXT>` or else all that is left), JSON lines, or lines of id and text with a tab
 * between (`.tsv`).
 *
 * @throws DataError naming file and line, also for an id that stands there twice
 */
export function readTrecDocuments(from: string): TrecDocument[] {
  const documents: TrecDocument[] = [];
  const seen = new Set<string>();
  for (const file of filesBelow(from))
    for (const { line, ...document } of documentsOf(file)) {
      if (seen.has(document.id))
        throw new DataError(`${file}:${line}: each document must occur once, got "${document.id}" again`);
      seen.add(document.id);
      documents.push(document);
    }
  if (documents.length === 0) throw new DataError(`${from}: must hold at least one document, got none`);
  return documents;
}

/**
 * Topics by number: TREC's SGML (`<top>` with `<num>` and `<title>`, else `<desc>`; also `<topic number="1">` with `<query>`
 * or `<title>`), JSON lines, or lines of number and query with a tab between.
 *
 * @throws DataError naming file and line
 */
export function readTrecTopics(file: string): Map<string, string> {
  const topics = new Map<string, string>();
  for (const { line, id, text } of topicsOf(file)) {
    if (topics.has(id)) throw new DataError(`${file}:${line}: each topic must occur once, got "${id}" again`);
    topics.set(id, text);
  }
  if (topics.size === 0) throw new DataError(`${file}: must hold at least one topic, got none`);
  return topics;
}

function* documentsOf(file: string): Generator<TrecDocument & { line: number }> {
  switch (formatOf(file)) {
    case "json":
      for (const [record, line] of records(file)) {
        const [id, title] = [fieldOf(record, ids), fieldOf(record, titles)];
        if (id === "")
          throw new DataError(`${file}:${line}: document must have an id (${ids.join(", ")}), got none`);
        yield { line, id, title, text: joined(title, fieldOf(record, bodies)) };
      }
      return;
    case "tabs":
      for (const { line, cells } of tabbed(file, "id and text")) {
        const [id, ...rest] = cells as [string, ...string[]];
        const title = rest.length > 1 ? rest[0]! : "";
        yield { line, id, title, text: rest.join(" ").trim() };
      }
      return;
    case "sgml":
      for (const { line, block } of blocks(file, "doc")) {
        const id = textOf(block, ["docno", "docid"]);
        if (id === "") throw new DataError(`${file}:${line}: <DOC> must have a <DOCNO>, got none`);
        const title = textOf(block, ["title", "headline", "head", "hl", "ti"]);
        const body = allOf(block, "text");
        const rest = body === "" ? block.replace(/<(docno|docid|dochdr)\b[^>]*>[\s\S]*?<\/\1>/gi, " ") : body;
        const text = plain(rest);
        yield { line, id, title, text: text.startsWith(title) ? text : joined(title, text) };
      }
  }
}

function* topicsOf(file: string): Generator<{ line: number; id: string; text: string }> {
  switch (formatOf(file)) {
    case "json":
      for (const [record, line] of records(file)) {
        const [id, text] = [fieldOf(record, ids), fieldOf(record, phrases)];
        if (id === "" || text === "")
          throw new DataError(
            `${file}:${line}: topic must have a number (${ids.join(", ")}) and a query (${phrases.join(", ")}), got ${Object.keys(record).join(", ")}`,
          );
        yield { line, id, text };
      }
      return;
    case "tabs":
      for (const { line, cells } of tabbed(file, "number and query"))
        yield { line, id: cells[0]!, text: cells[1]!.trim() };
      return;
    case "sgml":
      for (const { line, block, attributes } of blocks(file, "top(?:ic)?")) {
        const number = /\bnumber\s*=\s*"([^"]*)"/i.exec(attributes)?.[1];
        const id = number ?? leading(block, "num").replace(/^number:\s*/i, "");
        const text = ["title", "query", "desc", "description"]
          .map((tag) => leading(block, tag).replace(/^(topic|description):\s*/i, ""))
          .find((found) => found !== "");
        if (id === "" || text === undefined)
          throw new DataError(
            `${file}:${line}: topic must have <num> and <title>, got ${id === "" ? "no <num>" : "no <title>"}`,
          );
        yield { line, id, text };
      }
  }
}

/** What kind of file it is, by its first line that is not empty. */
function formatOf(file: string): "json" | "tabs" | "sgml" {
  for (const { text, number, problem } of readLines(file, { encoding: encodingOf(file) })) {
    if (text === null) throw new DataError(`${file}:${number}: ${problem}`);
    const start = text.trim();
    if (start === "") continue;
    if (start.startsWith("{")) return "json";
    if (start.startsWith("<")) return "sgml";
    if (text.includes("\t")) return "tabs";
    throw new DataError(
      `${file}:${number}: must be TREC SGML, JSON lines or columns with tabs between, got ${JSON.stringify(start.slice(0, 40))}`,
    );
  }
  throw new DataError(`${file}: must not be empty, got no line`);
}

/** Old collections are Latin-1. */
function encodingOf(file: string): "utf8" | "latin1" {
  for (const { text } of readLines(file)) if (text === null) return "latin1";
  return "utf8";
}

/** Blocks between an opening and a closing tag, or up to the next opening one, each with the line it begins on. */
function* blocks(file: string, tag: string): Generator<{ line: number; block: string; attributes: string }> {
  const opening = new RegExp(`<${tag}(\\s[^>]*)?>`, "i");
  const closing = new RegExp(`</${tag}\\s*>`, "i");
  let held: { line: number; lines: string[]; attributes: string } | null = null;
  const done = () => ({ line: held!.line, block: held!.lines.join("\n"), attributes: held!.attributes });
  for (const { number, text } of readLines(file, { encoding: encodingOf(file) })) {
    let rest = text ?? "";
    for (;;) {
      const found: RegExpExecArray | null = opening.exec(rest);
      const end: RegExpExecArray | null = held === null ? null : closing.exec(rest);
      if (held !== null && end !== null && (found === null || end.index < found.index)) {
        held.lines.push(rest.slice(0, end.index));
        yield done();
        held = null;
        rest = rest.slice(end.index + end[0].length);
      } else if (found !== null) {
        if (held !== null) {
          held.lines.push(rest.slice(0, found.index));
          yield done();
        }
        held = { line: number, lines: [], attributes: found[1] ?? "" };
        rest = rest.slice(found.index + found[0].length);
      } else break;
    }
    held?.lines.push(rest);
  }
  if (held !== null) yield done();
}

/** The first of some elements, as plain text; "" if there is none. */
function textOf(block: string, tags: readonly string[]): string {
  for (const tag of tags) {
    const found = new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}\\s*>`, "i").exec(block);
    if (found !== null) return plain(found[1]!);
  }
  return "";
}

function allOf(block: string, tag: string): string {
  const found = block.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}\\s*>`, "gi"));
  return [...found].map(([, inside]) => inside!).join("\n");
}

/** What follows a tag up to the next one: topics' elements are not closed. */
function leading(block: string, tag: string): string {
  const found = new RegExp(`<${tag}(?:\\s[^>]*)?>([^<]*)`, "i").exec(block);
  return found === null ? "" : plain(found[1]!);
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** Text without tags, the usual entities resolved, white space as single blanks. */
function plain(text: string): string {
  return text
    .replace(/<!--[\s\S]*?-->/g, " ")
    .replace(/<\/?[A-Za-z][^<>]*>/g, " ")
    .replace(/&(#\d{1,6}|[a-z]+);/gi, (whole, name: string) =>
      name.startsWith("#")
        ? String.fromCodePoint(Math.min(Number(name.slice(1)), 0x10ffff))
        : (new Map(Object.entries(entities)).get(name.toLowerCase()) ?? whole),
    )
    .replace(/\s+/g, " ")
    .trim();
}

function joined(title: string, text: string): string {
  return `${title} ${text}`.trim();
}

function* records(file: string): Generator<[JsonRecord, number]> {
  const rows = jsonLineRows(file, emptyReadReport(), { maxMalformed: 0 }, (record, line) => ({
    record,
    line,
  }));
  for (const { record, line } of rows) yield [record, line];
}

function fieldOf(record: JsonRecord, names: readonly string[]): string {
  for (const name of names) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number" || typeof value === "bigint") return String(value);
  }
  return "";
}

function* tabbed(file: string, what: string): Generator<{ line: number; cells: string[] }> {
  for (const { text, number } of readLines(file, { encoding: encodingOf(file) })) {
    if ((text ?? "").trim() === "") continue;
    const cells = text!.split("\t");
    if (cells.length < 2 || cells[0]!.trim() === "")
      throw new DataError(
        `${file}:${number}: line must be ${what} with a tab between, got ${JSON.stringify(text!.slice(0, 40))}`,
      );
    yield { line: number, cells: cells.map((cell) => cell.trim()) };
  }
}

function filesBelow(from: string): string[] {
  if (!statSync(from).isDirectory()) return [from];
  return readdirSync(from, { withFileTypes: true })
    .filter((entry) => !/^[._]/.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesBelow(path.join(from, entry.name)));
}
