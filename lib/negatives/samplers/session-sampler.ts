import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { checkCount } from "./class-sampler.js";

/**
 * Batches of one epoch made of sessions, in order of first appearance or shuffled. Whole sessions are added while they
 * fit; of the next one the root and a random sample of the rest fill the batch, and it comes again in full in the next
 * batch. A session larger than a batch gives exactly one batch, its root and a sample. The last batch may be short.
 *
 * @param sessions [N] session of each item
 * @param types    [N] 0 = root, else a match; every session must have one root
 * @returns positions of items, batch by batch
 * @throws RangeError for a batch size that is not a positive integer, or a session without exactly one root
 */
export function sessionBatches(
  sessions: ArrayLike<number>,
  types: ArrayLike<number>,
  options: { batchSize: number; shuffle?: boolean; random: Random },
): Int32Array[] {
  const { batchSize, shuffle = true, random } = options;
  checkCount("sessionSampler", "batchSize", batchSize);
  const order = membersOf(sessions, types);
  if (shuffle) random.shuffle(order);
  const batches: Int32Array[] = [];
  let current: number[] = [];
  const close = () => {
    if (current.length > 0) batches.push(Int32Array.from(current));
    current = [];
  };
  for (const { root, rest } of order) {
    const sample = (count: number) => random.shuffle(rest.slice()).slice(0, count);
    if (current.length + 1 + rest.length > batchSize && current.length > 0) {
      const room = batchSize - current.length;
      if (room > 0 && 1 + rest.length <= batchSize) current.push(root, ...sample(room - 1));
      close();
    }
    if (1 + rest.length > batchSize) {
      current.push(root, ...sample(batchSize - 1));
      close();
      continue;
    }
    current.push(root, ...rest);
    if (current.length === batchSize) close();
  }
  close();
  return batches;
}

function membersOf(
  sessions: ArrayLike<number>,
  types: ArrayLike<number>,
): { root: number; rest: number[] }[] {
  const members = new Map<number, { roots: number[]; rest: number[] }>();
  for (let i = 0; i < sessions.length; i++) {
    let session = members.get(sessions[i]!);
    if (!session) {
      session = { roots: [], rest: [] };
      members.set(sessions[i]!, session);
    }
    (types[i] === 0 ? session.roots : session.rest).push(i);
  }
  return [...members].map(([id, { roots, rest }]) => {
    if (roots.length !== 1)
      throw new UserError(`sessionSampler: session ${id} must have one root, got ${roots.length}`);
    return { root: roots[0]!, rest };
  });
}
