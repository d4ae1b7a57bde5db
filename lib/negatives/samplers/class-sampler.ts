import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";

export interface ClassPlan {
  itemsPerClass: number;
  classesPerBatch: number;
}

/**
 * How a batch is shared out: itemsPerClass as given or max(1, ⌊batch / distinct labels⌋), and ⌊batch / itemsPerClass⌋
 * classes.
 *
 * @throws RangeError for sizes that are not positive integers, and for more items per class than a batch has
 */
export function classPlan(batchSize: number, distinctLabels: number, itemsPerClass?: number): ClassPlan {
  checkCount("classSampler", "batchSize", batchSize);
  const items = itemsPerClass ?? Math.max(1, Math.floor(batchSize / distinctLabels));
  checkCount("classSampler", "itemsPerClass", items);
  if (items > batchSize)
    throw new UserError(`classSampler: itemsPerClass must be at most batchSize (${batchSize}), got ${items}`);
  return { itemsPerClass: items, classesPerBatch: Math.floor(batchSize / items) };
}

/**
 * Batches of one epoch with the same number of items of each of their classes.
 *
 * Each class is shuffled, topped up with random repeats to a multiple of itemsPerClass and cut into groups. While as many
 * classes as a batch needs have groups left, that many distinct classes are drawn uniformly and give one group each. The
 * rest is unused this epoch. Batches are shuffled.
 *
 * @returns positions of items, batch by batch; no batch at all where too few classes have groups (see
 *   {@link classSamplerProblem})
 * @throws as {@link classPlan}
 */
export function classBatches(
  labels: ArrayLike<number>,
  options: { batchSize: number; itemsPerClass?: number; random: Random },
): Int32Array[] {
  const { random } = options;
  const members = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const list = members.get(labels[i]!);
    if (list) list.push(i);
    else members.set(labels[i]!, [i]);
  }
  const plan = classPlan(options.batchSize, Math.max(1, members.size), options.itemsPerClass);
  const { itemsPerClass, classesPerBatch } = plan;
  const groups = [...members.values()].map((list) => {
    const items = list.slice();
    while (items.length % itemsPerClass !== 0) items.push(list[random.int(list.length)]!);
    random.shuffle(items);
    return Array.from({ length: items.length / itemsPerClass }, (_, g) =>
      items.slice(g * itemsPerClass, (g + 1) * itemsPerClass),
    );
  });
  const batches: Int32Array[] = [];
  for (;;) {
    const open = groups.filter((list) => list.length > 0);
    if (open.length < classesPerBatch) break;
    random.shuffle(open);
    batches.push(Int32Array.from(open.slice(0, classesPerBatch).flatMap((list) => list.pop()!)));
  }
  return random.shuffle(batches);
}

/** Why a class sampler would give no useful batch with these labels, or null. */
export function classSamplerProblem(
  labels: ArrayLike<number>,
  options: { batchSize: number; itemsPerClass?: number },
): string | null {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  const { itemsPerClass, classesPerBatch } = classPlan(
    options.batchSize,
    Math.max(1, counts.size),
    options.itemsPerClass,
  );
  if (counts.size < 2) return `labels must have at least 2 classes, got ${counts.size}`;
  if (counts.size < classesPerBatch)
    return `a batch of ${options.batchSize} with ${itemsPerClass} items per class needs ${classesPerBatch} classes, got ${counts.size}; raise itemsPerClass or lower batchSize`;
  if (classesPerBatch < 2)
    return `a batch must hold at least 2 classes, got batchSize ${options.batchSize} with ${itemsPerClass} items per class`;
  return null;
}

/** Throws unless value is a positive integer. */
export function checkCount(caller: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new UserError(`${caller}: ${name} must be a positive integer, got ${value}`);
}
