import path from "node:path";
import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import { exportEncoder } from "../../encoders/onnx/export-encoder.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { makeFolder } from "../../files/make-folder.js";

/**
 * Writes both sides of an encoder as `query.onnx` and `document.onnx`, and `onnx.json` with what their inputs are.
 *
 * @param more  further entries of onnx.json
 * @returns the files
 */
export function writeOnnx(encoder: Encoder, spec: EncoderSpec, outDir: string, more: object = {}): string[] {
  const files: string[] = [];
  const description: Record<string, unknown> = { ...more };
  makeFolder(outDir);
  for (const side of ["query", "document"] as const) {
    const { bytes, ...rest } = exportEncoder(encoder, spec, side);
    const file = path.join(outDir, `${side}.onnx`);
    atomicWriteFile(file, bytes);
    files.push(file);
    description[side] = rest;
  }
  const json = path.join(outDir, "onnx.json");
  atomicWriteFile(json, `${JSON.stringify(description, null, 2)}\n`);
  return [...files, json];
}
