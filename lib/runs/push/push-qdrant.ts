import { UserError } from "../../files/user-error.js";
import type { EmbeddedDocuments } from "./embedded-documents.js";

/** Points of one request. */
const POINTS = 256;

/** A request of Qdrant's REST interface. */
export interface QdrantRequest {
  method: "PUT" | "DELETE" | "POST";
  path: string;
  body: object | null;
}

/**
 * Requests that fill a collection of Qdrant under a new name and then point an alias at it, so that who searches by the alias
 * meanwhile sees the old one or the new one. Points are numbered; their payload is id, name and document.
 *
 * @param alias  what searches name
 * @param stamp  makes the collection's name differ from that of the last time
 * @see https://api.qdrant.tech (collections, points, aliases)
 */
export function* qdrantRequests(
  embedded: EmbeddedDocuments,
  alias: string,
  stamp: string,
): Generator<QdrantRequest> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,100}$/.test(alias))
    throw new UserError(`--table: must be letters, digits, _ and - for Qdrant, got ${JSON.stringify(alias)}`);
  const { ids, names, documents, vectors, dim, similarity } = embedded;
  const collection = `${alias}-${stamp}`;
  const distance = similarity === "cosine" ? "Cosine" : "Dot";
  yield { method: "PUT", path: `/collections/${collection}`, body: { vectors: { size: dim, distance } } };
  for (let from = 0; from < ids.length; from += POINTS) {
    const points = ids.slice(from, from + POINTS).map((id, i) => ({
      id: from + i,
      vector: Array.from(vectors.subarray((from + i) * dim, (from + i + 1) * dim)),
      payload: { id, name: names[from + i]!, document: documents[from + i]! },
    }));
    yield { method: "PUT", path: `/collections/${collection}/points?wait=true`, body: { points } };
  }
  const actions = [
    { delete_alias: { alias_name: alias } },
    { create_alias: { collection_name: collection, alias_name: alias } },
  ];
  yield { method: "POST", path: "/collections/aliases", body: { actions } };
}

/**
 * Sends requests one after the other; each is answered before the next.
 *
 * @param apiKey  null where the server asks for none
 * @throws UserError with what Qdrant says
 */
export async function sendToQdrant(
  requests: Iterable<QdrantRequest>,
  url: string,
  apiKey: string | null,
): Promise<void> {
  for (const { method, path, body } of requests) {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { "content-type": "application/json", ...(apiKey !== null && { "api-key": apiKey }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    }).catch((error: Error) => {
      throw new UserError(
        `${url}: must be a Qdrant server, got ${(error.cause as Error)?.message ?? error.message}`,
      );
    });
    if (answer.ok) continue;
    throw new UserError(`${url}: ${method} ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
  }
}
