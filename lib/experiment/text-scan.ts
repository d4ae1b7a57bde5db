import type { Listener } from "../engine/progress.js";
import { ownEntry } from "../files/own-entry.js";
import type { TextCleaning } from "../tokenizer/text-cleaning.js";

/** A feature that is read as text, and the columns that are joined to it. */
export interface TextFeature {
  name: string;
  columns: readonly string[];
}

/** A line break or tab between two characters that are no spaces: a cleaning that deletes it makes one word of two. */
const joining = /[^\s][\t-\r\u0085\u2028\u2029]+[^\s]/;

/** Counts the texts of each part of a data set that a cleaning leaves nothing of, or joins the words of. */
export class TextScan {
  private readonly counts: Record<string, number> = {};

  constructor(
    private readonly cleaning: TextCleaning,
    private readonly listener: Listener,
  ) {}

  /**
   * @param part     such as "test queries"
   * @param feature  the feature's name
   */
  add(part: string, feature: string, texts: readonly string[]): void {
    const { name, clean } = this.cleaning;
    let empty = 0;
    let joined = 0;
    for (const text of texts) {
      if (clean(text) === "") empty++;
      else if (name === "published" && joining.test(text)) joined++;
    }
    if (empty > 0) {
      this.counts[`${part} without words: ${feature}`] = empty;
      const hint =
        name === "published" && texts.some((text) => clean(text) === "" && /[\p{L}\p{N}]/u.test(text))
          ? ", which keeps a–z and 0–9 only; text.cleaning: unicode reads any language"
          : "";
      this.listener.line?.(
        `${part}: ${empty} of ${texts.length} texts of ${feature} have no words after the ${name} cleaning${hint}`,
      );
    }
    if (joined > 0) {
      this.counts[`${part} with joined lines: ${feature}`] = joined;
      this.listener.line?.(
        `${part}: ${joined} of ${texts.length} texts of ${feature} have line breaks or tabs, which the published cleaning deletes, so that two words become one; text.cleaning: unicode keeps them apart`,
      );
    }
  }

  /** What was counted so far, by phrase; nothing where all was well. */
  finish(): Record<string, number> {
    return { ...this.counts };
  }
}

/** The texts of a feature over records. */
export function textsOfRecords(
  { columns }: TextFeature,
  records: readonly Readonly<Record<string, string>>[],
): string[] {
  return records.map((record) => joinedText(columns.map((column) => ownEntry(record, column) ?? "")));
}

/** The texts of a feature over columns of equal length. */
export function cellsOf(
  { columns }: TextFeature,
  table: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const parts = columns.map((column) => ownEntry(table, column) ?? []);
  if (parts.length === 1) return parts[0]!;
  return (parts[0] ?? []).map((_, row) => joinedText(parts.map((values) => values[row] ?? "")));
}

function joinedText(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : parts.filter((part) => part !== "").join(" ");
}
