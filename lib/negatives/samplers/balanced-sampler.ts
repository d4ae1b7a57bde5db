import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { checkCount } from "./class-sampler.js";

/**
 * The balanced batch sampler of siamese-triplet: every batch has `classes` distinct classes with `samples` items each;
 * the items of a class are used up before they are shuffled again. An epoch has ⌊N / (classes · samples)⌋ batches.
 *
 * @throws RangeError for counts that are not positive integers, or fewer classes than a batch needs
 */
export function balancedBatches(
  labels: ArrayLike<number>,
  options: { classes: number; samples: number; random: Random },
): Int32Array[] {
  const { classes, samples, random } = options;
  checkCount("balancedSampler", "classes", classes);
  checkCount("balancedSampler", "samples", samples);
  const members = new Map<number, { items: number[]; used: number }>();
  for (let i = 0; i < labels.length; i++) {
    const group = members.get(labels[i]!);
    if (group) group.items.push(i);
    else members.set(labels[i]!, { items: [i], used: 0 });
  }
  if (members.size < classes)
    throw new UserError(`balancedSampler: labels must have ${classes} classes, got ${members.size}`);
  const groups = [...members.values()];
  for (const { items } of groups) random.shuffle(items);
  return Array.from({ length: Math.floor(labels.length / (classes * samples)) }, () => {
    const drawn = random.shuffle(groups.slice()).slice(0, classes);
    return Int32Array.from(
      drawn.flatMap((group) =>
        Array.from({ length: samples }, () => {
          if (group.used === group.items.length) {
            random.shuffle(group.items);
            group.used = 0;
          }
          return group.items[group.used++]!;
        }),
      ),
    );
  });
}
