import { plainTable, type Table } from "../../reporting/table.js";
import { explanationNotes, type TokenShare } from "../../retrieval/explaining/explanation.js";
import type { ExplainedDocument } from "../explain-run.js";

const PIECES = 4;

/** What each word of a query brings to a document's score, with its strongest pieces, as a table. */
export function explanationTable(explained: ExplainedDocument): Table {
  const { words, tokens, system, name, id, rank, of, query, score, method } = explained;
  const bias = tokens.find(({ kind }) => kind === "bias");
  const rows = words.map(({ text, share, without }, place) => [
    text,
    signed(share),
    without === null ? "–" : without.toFixed(4),
    strongest(tokens.filter((token) => token.word === place)),
  ]);
  if (bias) rows.push(["(biases)", signed(bias.share), "–", ""]);
  const where = rank === null ? "not found" : `rank ${rank.toLocaleString("en")}`;
  return plainTable(["word", "share", "score without it", "strongest pieces"], rows, {
    title: `${system}: “${query}” → ${name} (${id}), ${where} of ${of.toLocaleString("en")}, score ${score.toFixed(4)}`,
    notes: [explanationNotes[method]],
  });
}

/** The pieces of a word that count most, unless the word is its only one. */
function strongest(pieces: readonly TokenShare[]): string {
  if (pieces.length < 2) return "";
  return [...pieces]
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, PIECES)
    .map(({ text, share }) => `${text.replaceAll(" ", "␣")} ${signed(share)}`)
    .join(", ");
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}
