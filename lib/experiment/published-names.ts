import { itemLosses } from "../losses/create-item-loss.js";
import { losses } from "../losses/create-loss.js";
import { optimizers } from "../optimizers/create-optimizer.js";

/**
 * A configuration as read, with published names of losses and optimisers ("CLIPLoss", "AdamW") and the published spelling of
 * their keys replaced by ours. A loss that only labelled items have becomes one of type labelled. What is no section of
 * the sort is left for the schema to refuse.
 */
export function withOwnNames(raw: unknown): unknown {
  if (!isSection(raw)) return raw;
  const { loss, optimizer } = raw;
  return {
    ...raw,
    ...(isTyped(loss) && { loss: ownLoss(loss) }),
    ...(isTyped(optimizer) && { optimizer: optimizers.respelled(optimizer) }),
  };
}

function ownLoss(section: Typed): Typed {
  const own = losses.respelled(section);
  if (own.type === "custom" || losses.kinds().includes(own.type)) return own;
  const { type, miner, ...options } = itemLosses.respelled(section);
  if (!itemLosses.kinds().includes(type)) return section;
  return { type: "labelled", name: type, options, ...(miner !== undefined && { miner }) };
}

type Section = Record<string, unknown>;
type Typed = Section & { type: string };

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTyped(value: unknown): value is Typed {
  return isSection(value) && typeof value.type === "string";
}
