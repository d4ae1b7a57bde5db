import { createHash } from "node:crypto";
import { UserError } from "../files/user-error.js";
import { escapeHtml } from "./escape.js";

export interface RankedDocument {
  id: string;
  name: string;
  /** `data:` address of a picture (see `pictureAddress`). */
  picture?: string;
  relevant: boolean;
  score?: number;
}

/** What one or more systems return for a query. */
export interface QueryRankings {
  query: string;
  /** `data:` address of the picture that is the query. */
  picture?: string;
  /** Facts shown beside the query: slice, number of relevant documents. */
  about?: string;
  lists: {
    system: string;
    /** Such as "Recall@10 0.67". */
    about?: string;
    documents: readonly RankedDocument[];
  }[];
}

/**
 * Rankings as HTML: for each query one row of documents per system, with rank, picture and name; relevant documents are
 * framed and ticked. A picture that occurs many times is stored once, in a style element before the first ranking.
 *
 * @throws TypeError if a picture is not a `data:image/` address
 */
export function rankingsHtml(rankings: readonly QueryRankings[]): string {
  const classes = new Map<string, string>();
  const bodies = rankings.map((ranking) => rankingHtml(ranking, classes));
  const rules = [...classes].map(
    ([picture, name]) => `.qdrl.qdrl .${name}{background-image:url("${picture}")}`,
  );
  const style = rules.length === 0 ? "" : `<style>${rules.join("\n")}</style>`;
  return style + bodies.join("\n");
}

function rankingHtml(ranking: QueryRankings, classes: Map<string, string>): string {
  const about = ranking.about === undefined ? "" : `<p class="q-about">${escapeHtml(ranking.about)}</p>`;
  const lists = ranking.lists.map(({ system, about: facts, documents }) => {
    const head = `<p class="q-system">${escapeHtml(system)}${facts === undefined ? "" : `<span>${escapeHtml(facts)}</span>`}</p>`;
    if (documents.length === 0) return `${head}<p class="q-empty">nothing found</p>`;
    return `${head}<ol class="q-list" tabindex="0">${documents.map((document, at) => documentHtml(document, at + 1, classes)).join("")}</ol>`;
  });
  return `<article class="q-ranking"><h3>${queryHtml(ranking, classes)}</h3>${about}${lists.join("")}</article>`;
}

function queryHtml({ query, picture }: QueryRankings, classes: Map<string, string>): string {
  const text = escapeHtml(query);
  if (picture === undefined) return text;
  const shown = `<span class="q-picture ${pictureClass(picture, classes)}" role="img" aria-label="query picture"></span>`;
  return text === "" ? shown : `${shown} ${text}`;
}

function documentHtml(document: RankedDocument, rank: number, classes: Map<string, string>): string {
  const picture =
    document.picture === undefined
      ? ""
      : `<span class="q-picture ${pictureClass(document.picture, classes)}" aria-hidden="true"></span>`;
  const score =
    document.score === undefined ? "" : `<span class="q-score">${document.score.toFixed(3)}</span>`;
  const attributes = document.relevant ? ' class="q-relevant" title="relevant"' : "";
  return `<li${attributes}><span class="q-rank">${rank}</span>${picture}<span class="q-name">${escapeHtml(document.name)}</span>${score}</li>`;
}

function pictureClass(picture: string, classes: Map<string, string>): string {
  const known = classes.get(picture);
  if (known !== undefined) return known;
  if (!/^data:image\/[a-z+]+;base64,[A-Za-z0-9+/=]+$/.test(picture))
    throw new UserError(
      `rankingsHtml: picture must be a base64 data:image/ address, got ${picture.slice(0, 40)}`,
    );
  const name = `q-p-${createHash("sha256").update(picture).digest("hex").slice(0, 16)}`;
  classes.set(picture, name);
  return name;
}
