import { type Listener, throttled } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { embedTexts } from "./embed-texts.js";
import { readTransformerFolder } from "./transformer-folder.js";

/** Vectors of texts by a pretrained transformer, of those texts that were loaded: what a feature of that kind is read from. */
export class PretrainedTexts {
  private readonly vectors = new Map<string, Float32Array>();

  private constructor(
    private readonly model: string,
    readonly dim: number,
  ) {}

  /** @throws RangeError if there is no such model, or its width is not `dim` */
  static open({ name, model, dim }: { name: string; model: string; dim: number }): PretrainedTexts {
    const width = readTransformerFolder(model).architecture.hiddenSize;
    if (width !== dim)
      throw new UserError(`feature ${name}: dim must be the width of ${model}, ${width}, got ${dim}`);
    return new PretrainedTexts(model, dim);
  }

  /** Embeds those of the texts that are new, or reads what is kept of them. */
  async load(texts: readonly string[], listener: Listener): Promise<void> {
    const missing = [...new Set(texts)].filter((text) => !this.vectors.has(text));
    if (missing.length === 0) return;
    const report = throttled(listener);
    const { vectors } = await embedTexts(this.model, missing, {
      onProgress: (done, total) => report({ task: `embed by ${this.model}`, done, total, unit: "texts" }),
    });
    missing.forEach((text, i) => {
      this.vectors.set(text, vectors.subarray(i * this.dim, (i + 1) * this.dim));
    });
  }

  get(text: string): Float32Array | undefined {
    return this.vectors.get(text);
  }
}
