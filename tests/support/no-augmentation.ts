import type { Augmentation } from "../../lib/features/augment-picture.js";

/** Every part of augmentation at its zero. */
export const noAugmentation: Augmentation = { flip: 0, crop: 1, colour: 0, blur: 0 };
