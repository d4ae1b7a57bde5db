import { UserError } from "../../files/user-error.js";
import type { Encoder, EncoderSpec } from "../encoder.js";
import { QueryBag } from "../query-bag.js";
import { TailoredEncoder } from "../tailor/tailored-encoder.js";
import { TowerEncoder } from "../tower-encoder.js";
import { TransformerEncoder } from "../transformer/transformer-encoder.js";
import { exportBagTower } from "./export-bag-tower.js";
import { exportQueryBag } from "./export-query-bag.js";
import { exportTailored } from "./export-tailored.js";
import { exportTowers } from "./export-towers.js";
import { exportTransformer } from "./export-transformer.js";
import type { ExportedSide } from "./exported-side.js";

export type OnnxExporter = (encoder: Encoder, spec: EncoderSpec, side: "query" | "document") => ExportedSide;

const exporters = new Map<string, OnnxExporter>();

/** Makes encoders of a kind exportable; for kinds that the workspace does not bring. */
export function registerOnnxExporter(kind: string, exporter: OnnxExporter): void {
  exporters.set(kind, exporter);
}

/**
 * One side of an encoder as an ONNX file in memory, in evaluation mode (without dropout).
 *
 * @param spec what the encoder was made from; names the features it reads
 * @throws RangeError for a kind without an exporter, or parameters beyond 2 GiB
 */
export function exportEncoder(encoder: Encoder, spec: EncoderSpec, side: "query" | "document"): ExportedSide {
  if (encoder instanceof TailoredEncoder)
    return exportTailored(encoder, spec, (base) => exportEncoder(encoder.base, base, side));
  const exporter = exporters.get(encoder.kind);
  if (exporter) return exporter(encoder, spec, side);
  if (encoder instanceof TransformerEncoder) return exportTransformer(encoder, side);
  if (encoder.kind === "Towers") return exportTowers(encoder, spec, side);
  if (encoder instanceof QueryBag) return exportQueryBag(encoder, spec, side);
  if (encoder instanceof TowerEncoder) return exportBagTower(encoder, spec, side);
  const known = ["bag towers", "QueryBag", "Towers", "Transformer", ...exporters.keys()];
  throw new UserError(`onnx: no exporter for encoder "${encoder.kind}"; known: ${known.join(", ")}`);
}
