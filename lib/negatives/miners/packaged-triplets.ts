import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import { labelsOnly, type Miner, packTriplets, type Triplets } from "./tuples.js";

/**
 * The batch as it stands is triplets: anchor, positive, negative, anchor, … Labels are not read; batches must be drawn in
 * that order.
 *
 * @throws RangeError when called, for a number of items that three does not divide
 */
export function packagedTriplets(): Miner<Triplets> {
  return labelsOnly(({ labels }) => {
    if (labels.length % 3 !== 0)
      throw new UserError(`packagedTriplets: a batch must hold triplets, got ${labels.length} items`);
    return packTriplets(Array.from({ length: labels.length / 3 }, (_, t) => [3 * t, 3 * t + 1, 3 * t + 2]));
  });
}

export const packagedTripletsPart = minerPart({
  kind: "packaged_triplets",
  published: ["EmbeddingsAlreadyPackagedAsTriplets", "EmbeddingsAlreadyPackagedAsTripletsMiner"],
  summary: "the batch's items are anchor, positive, negative, anchor, … as they stand",
  settings: {},
  tuples: "triplets",
  make: packagedTriplets,
});
