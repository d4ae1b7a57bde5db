import type { Explanation } from "../../retrieval/explaining/explanation.js";
import type { LiveHit, LivePlace, LiveSystem } from "../live-system.js";
import type { PackedCorpus } from "../payload.js";

interface RankAnswer {
  of: number;
  hits: { position: number; score: number; id: string; name: string; glyph: string }[];
  places: { rank: number | null; score: number }[];
  named: number | null;
}

/** A run that a server answers for. Names of documents come with its answers, into the page's corpus. */
export class ServedSystem implements LiveSystem {
  readonly mostScore: number | null;
  readonly fidelity = "asked over HTTP";

  constructor(
    readonly name: string,
    readonly kind: LiveSystem["kind"],
    private readonly run: string,
    private readonly corpus: PackedCorpus,
  ) {
    this.mostScore = kind === "dense" ? 1 : null;
  }

  async search(text: string, k: number): Promise<LiveHit[]> {
    if (text.trim() === "") return [];
    const { hits } = await this.rank({ query: text, k });
    return hits.map(({ position, score }) => ({ id: position, score }));
  }

  async places(text: string, documents: readonly number[]): Promise<(LivePlace | null)[]> {
    if (text.trim() === "" || documents.length === 0) return documents.map(() => null);
    const { places } = await this.rank({ query: text, k: 0, documents });
    return places.map(({ rank, score }) => (rank === null ? null : { rank, score }));
  }

  explain(text: string, document: number): Promise<Explanation> {
    return ask("/explain", { run: this.run, query: text, document: this.corpus.ids[document]! });
  }

  async find(name: string): Promise<number> {
    const { named } = await this.rank({ query: name, k: 1, named: name });
    if (named === null) return -1;
    this.corpus.names[named] = name;
    if (this.corpus.ids[named] === undefined) this.corpus.ids[named] = name; // /explain takes names as well
    return named;
  }

  neighbours(): null {
    return null;
  }

  private async rank(wanted: object): Promise<RankAnswer> {
    const answer = await ask<RankAnswer>("/rank", { run: this.run, ...wanted });
    const { ids, names, glyphs } = this.corpus;
    ids.length = answer.of;
    for (const { position, id, name, glyph } of answer.hits) {
      ids[position] = id;
      names[position] = name;
      glyphs![position] = glyph;
    }
    return answer;
  }
}

/** What a server makes of a body. @throws Error with its message */
async function ask<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}
