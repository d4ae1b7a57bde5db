import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readTensorFile, writeTensorFile } from "../../lib/files/safetensors.js";
import {
  type Checkpoint,
  latestCheckpoint,
  listCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from "../../lib/tracking/checkpoint.js";

const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-"));

const example = (epochsDone: number): Checkpoint => ({
  epochsDone,
  step: 10 * epochsDone,
  metricsBytes: 99,
  randomState: [1, 2, 3, 4294967295],
  parameters: { table: { shape: [2, 2], data: Float32Array.of(1, -2, Number.NaN, 1e-30) } },
  optimizer: { "table/m": Float32Array.of(0, 1, 2, 3) },
});

describe("tensor files", () => {
  it("give back names, shapes, values and metadata, bit by bit", () => {
    const file = path.join(scratch(), "t.safetensors");
    const tensors = {
      a: { shape: [3], data: Float32Array.of(1.5, -0, Infinity) },
      b: { shape: [1, 2], data: Int32Array.of(-7, 9) },
    };
    writeTensorFile(file, tensors, { note: "ł" });
    expect(readTensorFile(file)).toEqual({ tensors, metadata: { note: "ł" } });
  });

  it("follow the safetensors layout: header length, JSON, offsets", () => {
    const file = path.join(scratch(), "t.safetensors");
    writeTensorFile(file, { w: { shape: [2], data: Float32Array.of(1, 2) } });
    const bytes = fs.readFileSync(file);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    expect(header.w).toEqual({ dtype: "F32", shape: [2], data_offsets: [0, 8] });
    expect((8 + length) % 8).toBe(0);
    expect(bytes.readFloatLE(8 + length + 4)).toBe(2);
  });

  it("are the same bytes from pieces in one reused array as from one array, and refuse a piece too few", () => {
    const [folder, values] = [scratch(), Float32Array.from({ length: 10 }, (_, i) => i / 3)];
    const whole = path.join(folder, "whole");
    const pieced = path.join(folder, "pieced");
    const buffer = new Float32Array(4);
    function* pieces() {
      for (let from = 0; from < 10; from += 4) {
        buffer.set(values.subarray(from, from + 4));
        yield buffer.subarray(0, Math.min(4, 10 - from));
      }
    }
    writeTensorFile(whole, { w: { shape: [5, 2], data: values } });
    writeTensorFile(pieced, { w: { shape: [5, 2], pieces } });
    expect(fs.readFileSync(pieced).equals(fs.readFileSync(whole))).toBe(true);
    expect(() => writeTensorFile(pieced, { w: { shape: [6, 2], pieces } })).toThrow(
      "w must have 12 values for shape [6,2], got 10",
    );
    expect(fs.readFileSync(pieced).equals(fs.readFileSync(whole))).toBe(true); // the old file stays
  });

  it("are refused after any single changed byte, and after a cut", () => {
    const file = path.join(scratch(), "t.safetensors");
    writeTensorFile(file, { w: { shape: [2], data: Float32Array.of(1, 2) } }, { step: "3" });
    const good = fs.readFileSync(file);
    for (let i = 0; i < good.length; i++) {
      const bad = Buffer.from(good);
      bad[i]! ^= 1;
      fs.writeFileSync(file, bad);
      expect(() => readTensorFile(file), `byte ${i}`).toThrow();
    }
    for (const length of [0, 5, good.length - 1]) {
      fs.writeFileSync(file, good.subarray(0, length));
      expect(() => readTensorFile(file), `cut to ${length}`).toThrow(RangeError);
    }
  });

  it("refuse a shape that does not match the values", () => {
    expect(() => writeTensorFile("x", { w: { shape: [3], data: new Float32Array(2) } })).toThrow(
      "writeTensorFile: w must have 3 values for shape [3], got 2",
    );
  });
});

describe("checkpoints", () => {
  it("round-trip", () => {
    const file = writeCheckpoint(scratch(), example(3), 2);
    expect(readCheckpoint(file)).toEqual({ ...example(3), callbacks: {}, callbackTensors: {} });
  });

  it("keep the newest only", () => {
    const folder = scratch();
    for (const epoch of [1, 2, 3]) writeCheckpoint(folder, example(epoch), 2);
    expect(listCheckpoints(folder).map((file) => path.basename(file))).toEqual([
      "epoch-00003.safetensors",
      "epoch-00002.safetensors",
    ]);
  });

  it("fall back to the one before when the newest is damaged, and say so", () => {
    const folder = scratch();
    writeCheckpoint(folder, example(1), 2);
    const newest = writeCheckpoint(folder, example(2), 2);
    fs.truncateSync(newest, fs.statSync(newest).size - 3);
    const told: string[] = [];
    expect(latestCheckpoint(folder, (line) => told.push(line))?.checkpoint.epochsDone).toBe(1);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/epoch-00002\.safetensors: is cut short .*; going back to the checkpoint before/);
  });

  it("are absent, not an error, in a new folder", () => {
    expect(latestCheckpoint(path.join(scratch(), "none"), () => {})).toBeNull();
  });
});
