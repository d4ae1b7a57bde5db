import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import {
  type Labelled,
  labelsOnly,
  type Miner,
  type Pairs,
  packPairs,
  packTriplets,
  type Triplets,
} from "./tuples.js";

/** Pairs i < j within a session but negative–negative; similar unless one side is negative. */
export function sessionPairs(): Miner<Pairs> {
  return labelsOnly((items) => {
    const rows: [number, number, number][] = [];
    for (const { members, types } of sessionsOf("sessionPairs", items))
      members.forEach((i, at) => {
        for (const j of members.slice(at + 1)) {
          const negatives = Number(types[i] === -1) + Number(types[j] === -1);
          if (negatives < 2) rows.push([i, j, negatives === 0 ? 1 : 0]);
        }
      });
    return packPairs(rows);
  });
}

/** Every ordered pair of root and positive matches as anchor and positive, with each negative of the session. */
export function sessionTriplets(): Miner<Triplets> {
  return labelsOnly((items) => {
    const rows: [number, number, number][] = [];
    for (const { members, types } of sessionsOf("sessionTriplets", items)) {
      const negatives = members.filter((i) => types[i] === -1);
      const others = members.filter((i) => types[i] !== -1);
      for (const a of others)
        for (const p of others) if (a !== p) for (const n of negatives) rows.push([a, p, n]);
    }
    return packTriplets(rows);
  });
}

/** Members of each session in batch order, sessions by ascending number. */
function sessionsOf(caller: string, { labels, types }: Labelled): { members: number[]; types: Int32Array }[] {
  if (!types) throw new UserError(`${caller}: items must have session types, got labels only`);
  const sessions = new Map<number, number[]>();
  labels.forEach((session, i) => {
    const members = sessions.get(session);
    if (members) members.push(i);
    else sessions.set(session, [i]);
  });
  return [...sessions.keys()].sort((a, b) => a - b).map((id) => ({ members: sessions.get(id)!, types }));
}

export const sessionPairsPart = minerPart({
  kind: "session_pairs",
  summary: "pairs within a session, but no two negatives",
  settings: {},
  tuples: "pairs",
  make: sessionPairs,
});

export const sessionTripletsPart = minerPart({
  kind: "session_triplets",
  summary: "root or match as anchor, another as positive, each negative of the session",
  settings: {},
  tuples: "triplets",
  make: sessionTriplets,
});
