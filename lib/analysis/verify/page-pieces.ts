/** One text of a file that may hold numbers. */
export interface Piece {
  /** Section, table, row and column, for a reader to find it. */
  where: string;
  text: string;
  /** Numbers that a reader sees in it; "data": what figures and live parts are drawn from. */
  kind: "text" | "hint" | "data";
}

const TOKENS =
  /<!--[\s\S]*?-->|<script\b([^>]*)>([\s\S]*?)<\/script>|<style\b[\s\S]*?<\/style>|<(?:"[^"]*"|[^">])*>|[^<]+/gi;
/** Numbers as they are printed; not those inside names (BM25, Recall@10) and hashes. */
const NUMBER = /(?<![\w.@#/-])[+−±-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?!\w)/g;
/** Attributes that a reader sees. */
const SHOWN_ATTRIBUTES = /\s(title|aria-label|data-source)="([^"]*)"/g;

/** How many numbers a piece holds. */
export function countNumbers({ text, kind }: Piece): number {
  if (kind === "data") return text.match(/(?<=[[,:])-?\d[\d.e+-]*(?=[\],}])/g)?.length ?? 0;
  return text.match(NUMBER)?.length ?? 0;
}

/** Every text of a page, or part of one, in order: what is read, what hovering shows, and the data of figures. */
export function htmlPieces(html: string): Piece[] {
  const pieces: Piece[] = [];
  const at = { section: "", caption: "", row: "", column: -1, labels: [] as string[], open: "" };
  const where = () =>
    [at.section, at.caption, at.row, at.labels[at.column] ?? ""]
      .filter((part, i, all) => part !== "" && all.indexOf(part) === i)
      .join(" › ");
  const add = (kind: Piece["kind"], text: string) =>
    text.trim() !== "" && pieces.push({ where: where(), text: text.trim(), kind });
  for (const [token, attributes = "", script] of html.matchAll(TOKENS)) {
    if (script !== undefined) {
      if (/application\/json|text\/plain/.test(attributes) && !/id="made-from"/.test(attributes))
        add("data", script);
    } else if (!token.startsWith("<")) readText(token);
    else if (!/^<(?:!|style)/i.test(token)) readTag(token);
  }
  return pieces;

  function readText(text: string): void {
    const plain = unescapeHtml(text).trim();
    if (at.open === "h1" || at.open === "h2") {
      Object.assign(at, { section: plain, caption: "", row: "", column: -1, labels: [] });
    } else if (at.open === "figcaption" || at.open === "summary") at.caption = plain;
    else if (at.open === "th-col" && plain !== "") at.labels[at.column] ??= plain;
    else if (at.open === "th-row" && plain !== "" && at.row === "") at.row = plain;
    add("text", plain);
  }

  function readTag(tag: string): void {
    const [, end, name = ""] = /^<(\/?)([a-z0-9]+)/i.exec(tag) ?? [];
    if (end === "/") {
      if (["h1", "h2", "figcaption", "summary", "th"].includes(name)) at.open = "";
      if (name === "table") Object.assign(at, { row: "", column: -1, labels: [] });
      return;
    }
    if (["h1", "h2", "figcaption", "summary"].includes(name)) at.open = name;
    if (name === "tr") Object.assign(at, { row: "", column: -1 });
    if (name === "td" || name === "th") at.column++;
    if (name === "th") at.open = tag.includes('scope="col"') ? "th-col" : "th-row";
    for (const [, , value] of tag.matchAll(SHOWN_ATTRIBUTES)) add("hint", unescapeHtml(value!));
  }
}

/** Every line of a Markdown or LaTeX file but comments and what the file is made from; a row is named by its first cell. */
export function linePieces(text: string): Piece[] {
  return text.split("\n").flatMap((line): Piece[] => {
    const plain = line.trim();
    if (plain === "" || plain.startsWith("%") || plain.startsWith("<!--")) return [];
    const [head = ""] = plain.replace(/^\|/, "").split(/[|&]/);
    return [{ where: head.trim().slice(0, 60), text: plain, kind: "text" }];
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** The text that escaped text stands for. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}
