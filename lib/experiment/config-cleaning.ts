import { cleaningOfDataset } from "../datasets/manifest.js";
import { cleaningOf, type TextCleaning } from "../tokenizer/text-cleaning.js";

/** How the texts of a configuration become words: as it says, else as its data set's dictionary was made. */
export function configCleaning(config: {
  text: { cleaning: TextCleaning["name"] | null };
  dataset_dir: string;
}): TextCleaning {
  return cleaningOf(config.text.cleaning ?? cleaningOfDataset(config.dataset_dir));
}
