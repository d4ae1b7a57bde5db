import type { ExperimentConfig } from "../../experiment/schema.js";
import { sourceColumns } from "../../features/feature-pipeline.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { pictureOf } from "../../training/fit/document-reader.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import type { Side } from "../../training/objectives/batch-task.js";

type Row = Readonly<Record<string, string>>;

/** Rows of a run's data as documents of the fine-tuner's data model, and back. */
export class DocumentRows {
  private readonly columns: { type: string; name: string }[];

  constructor(
    config: ExperimentConfig,
    readonly side: Side,
  ) {
    const { query_features, document_features } = config.dataset;
    const features = side === "query" ? query_features : document_features;
    this.columns = features.flatMap((feature) =>
      sourceColumns({ from: undefined, ...feature }).map((name) => ({ type: feature.type, name })),
    );
  }

  /** Columns that the encoder reads, each once. */
  get names(): string[] {
    return [...new Set(this.columns.map(({ name }) => name))];
  }

  /** Columns that hold the file of a picture. */
  get pictures(): string[] {
    return this.named("image", "onnx_image");
  }

  /** What the encoder reads of a row: its texts as `text`, its picture as `uri`, every other column as the tag of its name. */
  documentOf(id: string, row: Row): FitDocument {
    const texts = [
      ...new Set(this.texts.map((name) => ownEntry(row, name) ?? "").filter((text) => text !== "")),
    ];
    const uri = this.pictures.map((name) => ownEntry(row, name) ?? "").find((cell) => cell !== "");
    const read = new Set([...this.texts, ...this.pictures]);
    const others = this.names.filter((name) => !read.has(name) && (ownEntry(row, name) ?? "") !== "");
    const tags = Object.fromEntries(others.map((name) => [name, row[name]!]));
    return {
      id,
      ...(texts.length > 0 && { text: texts.join(" ") }),
      ...(uri !== undefined && { uri }),
      ...(others.length > 0 && { tags }),
    };
  }

  /** @throws UserError for a document without what the encoder reads */
  rowOf(document: FitDocument, where: string): Record<string, string> {
    const row = Object.fromEntries(
      this.columns.map(({ type, name }) => {
        if (isText(type)) return [name, document.text ?? ""];
        if (type === "image" || type === "onnx_image") return [name, pictureOf(document)];
        const tag = ownEntry(document.tags, name);
        return [name, tag === undefined || tag === null ? "" : String(tag)];
      }),
    );
    if (Object.values(row).every((cell) => cell === ""))
      throw new UserError(
        `${where}: must have ${this.pictures.length > 0 ? "a text or a picture" : "a text"} or a tag of ${this.names.join(", ")}, got none`,
      );
    return row;
  }

  private get texts(): string[] {
    return [...new Set(this.columns.filter(({ type }) => isText(type)).map(({ name }) => name))];
  }

  private named(...types: string[]): string[] {
    return [...new Set(this.columns.filter(({ type }) => types.includes(type)).map(({ name }) => name))];
  }
}

function isText(type: string): boolean {
  return type === "text" || type === "pretrained";
}
