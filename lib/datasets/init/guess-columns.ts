import { UserError } from "../../files/user-error.js";
import type { TextColumns } from "../parquet.js";
import { partOf } from "../part-names.js";

/** What a column can be to a search, in the order in which columns are given out. */
export const columnRoles = [
  "part",
  "picture",
  "grade",
  "query",
  "title",
  "id",
  "text",
  "category",
  "slice",
] as const;
export type ColumnRole = (typeof columnRoles)[number];
export type ColumnGuess = Partial<Record<ColumnRole, string>>;

/** Names that say it, in a few languages; a column may have more words around them. */
const names: Readonly<Record<ColumnRole, readonly string[]>> = {
  part: ["split", "part", "fold", "partition", "subset", "set"],
  picture: ["picture", "image", "photo", "img", "thumbnail", "bild", "zdjecie"],
  grade: ["grade", "relevance", "rel", "score", "rating", "stars", "judgement", "judgment", "label", "gain"],
  query: [
    "query",
    "search",
    "searchterm",
    "term",
    "keyword",
    "keywords",
    "phrase",
    "q",
    "question",
    "claim",
    "suche",
    "suchbegriff",
    "frage",
    "zapytanie",
    "fraza",
    "requete",
    "requête",
    "consulta",
    "запрос",
    "查询",
  ],
  id: ["id", "sku", "uid", "docid", "docno", "asin", "ean", "gtin", "isbn", "pid", "key", "doi"],
  title: [
    "title",
    "name",
    "headline",
    "heading",
    "subject",
    "titel",
    "nazwa",
    "tytul",
    "titre",
    "titulo",
    "название",
  ],
  text: [
    "text",
    "description",
    "body",
    "content",
    "contents",
    "abstract",
    "summary",
    "passage",
    "details",
    "plot",
    "beschreibung",
    "opis",
    "описание",
  ],
  category: [
    "category",
    "class",
    "group",
    "department",
    "shelf",
    "genre",
    "type",
    "kategorie",
    "kategoria",
    "категория",
  ],
  slice: ["slice", "segment", "intent"],
};

/** Words before "id" that make it the id of something else than a document. */
const ofOthers = [
  "user",
  "session",
  "customer",
  "order",
  "brand",
  "seller",
  "category",
  "class",
  "group",
  "parent",
];

/** Words that say whose column it is: `query_id` is no id of a document, `document_title` no query. */
const ofQueries = ["query", "search", "q", "question"];

/** What the cells of a column look like. */
interface Cells {
  filled: readonly string[];
  distinct: number;
  isNumeric: boolean;
  meanWords: number;
  meanLength: number;
  pictures: number;
}

/**
 * Guesses which column is what from names and from cells. A name counts by its words (`Product Title`, `productTitle`
 * and `product_title` are the same); cells decide where they can: pictures are file names, grades numbers of few
 * values, a part column says train, validation or test in every row, categories repeat. Without a telling name the query is
 * the column of short texts and the title the next.
 *
 * @param wanted roles that are looked for, in the order of `columnRoles`
 * @returns roles that some column has; each column has at most one
 */
export function guessColumns(table: TextColumns, wanted: readonly ColumnRole[] = columnRoles): ColumnGuess {
  const cells = new Map(Object.entries(table).map(([name, values]) => [name, lookAt(values)]));
  const guess: ColumnGuess = {};
  const free = () => [...cells.keys()].filter((name) => !Object.values(guess).includes(name));
  for (const role of wanted) {
    let best = 0;
    for (const name of free()) {
      const isIt = fits(role, cells.get(name)!) && (role !== "id" || namesTitles(table, name, guess.title));
      const score = isIt ? nameScore(role, name) : 0;
      if (score > best) {
        best = score;
        guess[role] = name;
      }
    }
  }
  const texts = free()
    .filter((name) => isProse(cells.get(name)!))
    .sort((a, b) => cells.get(a)!.meanLength - cells.get(b)!.meanLength);
  if (
    wanted.includes("query") &&
    guess.query === undefined &&
    texts.length > (guess.title === undefined && guess.text === undefined ? 1 : 0)
  )
    guess.query = texts.shift()!;
  if (guess.title === undefined && guess.text === undefined && texts.length > 0) guess.title = texts.shift()!;
  if (guess.title === undefined && guess.text !== undefined) {
    guess.title = guess.text;
    delete guess.text;
  }
  return guess;
}

/** Columns of words that no role took: brand, colour, tags. They are read with the document's text. */
export function furtherTexts(table: TextColumns, guess: ColumnGuess): string[] {
  const taken = new Set(Object.values(guess));
  return Object.entries(table).flatMap(([name, values]) => {
    const { filled, isNumeric, pictures, meanLength } = lookAt(values);
    const isAddress = filled.filter((cell) => /^[a-z]+:\/\//i.test(cell)).length > filled.length / 2;
    const words = filled.filter((cell) => /\p{L}{2}/u.test(cell)).length;
    const said = nameWords(name);
    const isOther = said.includes("id") || said.some((word) => ofQueries.includes(word));
    const isText = words > filled.length / 2 && meanLength > 2 && !isNumeric && pictures === 0;
    return taken.has(name) || isAddress || isOther || !isText || filled.length === 0 ? [] : [name];
  });
}

/**
 * Takes columns that somebody named for roles, the others as guessed.
 *
 * @param chosen role → column, null = none
 * @throws UserError for an unknown role or column, listing the known ones
 */
export function chooseColumns(
  table: TextColumns,
  chosen: Readonly<Record<string, string | null>>,
): ColumnGuess {
  const known = Object.keys(table);
  const taken = new Set<string>();
  for (const [role, column] of Object.entries(chosen)) {
    if (!(columnRoles as readonly string[]).includes(role))
      throw new UserError(`column: unknown role "${role}"; known: ${columnRoles.join(", ")}`);
    if (column === null) continue;
    if (!known.includes(column))
      throw new UserError(`column ${role}: must be one of ${known.join(", ")}, got "${column}"`);
    taken.add(column);
  }
  const rest = Object.fromEntries(Object.entries(table).filter(([name]) => !taken.has(name)));
  const guess = guessColumns(rest);
  for (const [role, column] of Object.entries(chosen) as [ColumnRole, string | null][])
    if (column === null) delete guess[role];
    else guess[role] = column;
  return guess;
}

/**
 * The grade from which on a document is relevant: 1 where grades begin at 0 or below, as TREC has them; half-way where they
 * begin above it (3 of 1 to 5 stars) or end below 1.
 */
export function guessMinGrade(values: readonly string[]): number {
  const grades = values.filter((value) => value.trim() !== "").map(Number);
  const low = grades.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = grades.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (low === high) return low;
  if (low <= 0 && high >= 1) return 1;
  const middle = (low + high) / 2;
  return high >= 2 && grades.every(Number.isInteger) ? Math.ceil(middle) : middle;
}

/** Words of a column's name: `productTitle`, `Product Title` and `product_title` have the same two. */
export function nameWords(name: string): string[] {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
}

/** Whether a header's cell says what its column is: of a file without a header the first row says nothing of the kind. */
export function saysRole(name: string): boolean {
  return columnRoles.some((role) => nameScore(role, name) > 0);
}

/** 0 = not by this name; more for names that say nothing else, and for the query's text than for its id. */
function nameScore(role: ColumnRole, name: string): number {
  const words = nameWords(name);
  const isOfQuery = words.some((word) => ofQueries.includes(word));
  if (role === "query") {
    if (
      words.some((word) => ["id", "uid", "type", "class", "category", "date", "time", "url"].includes(word))
    )
      return 0;
  } else if (isOfQuery && role !== "slice" && role !== "grade" && role !== "part") return 0;
  if (role === "id" && words.some((word) => ofOthers.includes(word))) return 0;
  const said = words.findIndex((word) => names[role].includes(word));
  if (said === -1 && !names[role].includes(words.join(""))) return 0;
  return 1 + 1 / Math.max(1, words.length) + (words.at(-1) === names[role][0] ? 0.25 : 0);
}

/** Whether cells can be what the role says. */
function fits(role: ColumnRole, cells: Cells): boolean {
  const { filled, distinct, isNumeric, pictures } = cells;
  if (filled.length === 0) return false;
  switch (role) {
    case "part":
      return filled.every((cell) => partOf(cell) !== null);
    case "picture":
      return pictures > filled.length / 2;
    case "grade":
      return isNumeric;
    case "id":
      return cells.meanWords < 2 && pictures === 0;
    case "category":
    case "slice":
      return distinct <= Math.max(2, filled.length / 2) && cells.meanLength < 60 && pictures === 0;
    default:
      return !isNumeric && pictures === 0;
  }
}

/**
 * Whether a column can be the id of the documents that have these titles: no id with two titles, and not a number of the row
 * where titles come again.
 */
function namesTitles(table: TextColumns, id: string, title: string | undefined): boolean {
  if (title === undefined) return true;
  const titles = new Map<string, string>();
  let others = 0;
  table[id]!.forEach((value, row) => {
    const before = titles.get(value);
    if (before === undefined) titles.set(value, table[title]![row]!);
    else if (before !== table[title]![row]!) others++;
  });
  const rows = table[id]!.length;
  return others <= rows / 20 && (titles.size < rows || new Set(table[title]).size > rows * 0.8);
}

/** Whether cells are words that somebody wrote, not codes, numbers or files. */
function isProse({ filled, isNumeric, pictures, meanWords }: Cells): boolean {
  const words = filled.filter((cell) => /\p{L}{2}/u.test(cell)).length;
  return words > filled.length / 2 && !isNumeric && pictures === 0 && meanWords >= 1.2;
}

function lookAt(values: readonly string[]): Cells {
  const filled = values.filter((value) => value.trim() !== "");
  const sum = (of: (cell: string) => number) => filled.reduce((total, cell) => total + of(cell), 0);
  const mean = (of: (cell: string) => number) => sum(of) / Math.max(1, filled.length);
  return {
    filled,
    distinct: new Set(filled).size,
    isNumeric: filled.every((cell) => Number.isFinite(Number(cell))),
    meanWords: mean((cell) => cell.trim().split(/\s+/).length),
    meanLength: mean((cell) => cell.length),
    pictures: sum((cell) =>
      Number(/\.(jpe?g|png|gif|webp|svg|bmp)$/i.test(cell) && !/^[a-z]+:\/\//i.test(cell)),
    ),
  };
}
