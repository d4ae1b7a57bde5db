import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readVectorFile } from "../../lib/datasets/arrays/vector-file.js";
import { npyBytes, readNpy } from "../../lib/files/npy.js";
import { npzBytes, readNpz } from "../../lib/files/npz.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-arrays-"));

describe("NumPy files", () => {
  it("are read back as written", () => {
    const matrix = Float32Array.of(1, -2.5, 3, 4, 5, 6);
    expect(readNpy(npyBytes(matrix, [2, 3]), "x")).toEqual({ shape: [2, 3], data: matrix });
    expect(readNpy(npyBytes(Int32Array.of(7), [1]), "x")).toEqual({ shape: [1], data: Int32Array.of(7) });
    const bytes = npzBytes({
      a: { data: matrix, shape: [3, 2] },
      b: { data: Int32Array.of(1, 2), shape: [2] },
    });
    const read = readNpz(bytes, "x.npz");
    expect(read["a"]).toEqual({ shape: [3, 2], data: matrix });
    expect([...read["b"]!.data]).toEqual([1, 2]);
  });

  /** Bytes that NumPy 1.26 writes for np.array([[1, 2]], dtype="<i8"), np.float64 1.5 and a Fortran-ordered matrix. */
  it("are read as NumPy writes them", () => {
    const header = (text: string) => {
      const head = Buffer.from([0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0]);
      return Buffer.concat([head, Buffer.from(`${text.padEnd(117)}\n`)]);
    };
    const longs = Buffer.alloc(16);
    longs.writeBigInt64LE(1n, 0);
    longs.writeBigInt64LE(2n, 8);
    const int64 = header("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }");
    expect(readNpy(Buffer.concat([int64, longs]), "x")).toEqual({
      shape: [1, 2],
      data: Float64Array.of(1, 2),
    });
    const double = Buffer.alloc(8);
    double.writeDoubleLE(1.5);
    const scalar = header("{'descr': '<f8', 'fortran_order': False, 'shape': (), }");
    expect(readNpy(Buffer.concat([scalar, double]), "x")).toEqual({ shape: [], data: Float64Array.of(1.5) });
    const turned = header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }");
    expect(() => readNpy(Buffer.concat([turned, double]), "x")).toThrow("x: array must be C-ordered");
  });

  it("are refused when cut short or damaged", () => {
    const bytes = npyBytes(Float32Array.of(1, 2), [2]);
    expect(() => readNpy(bytes.subarray(0, bytes.length - 1), "a.npy")).toThrow(
      "a.npy: array [2] must have 8 bytes, got 7",
    );
    expect(() => readNpy(Buffer.from("hello, world"), "a.npy")).toThrow("a.npy: must be a .npy array");
    const zip = Buffer.from(npzBytes({ a: { data: Float32Array.of(1), shape: [1] } }));
    zip[zip.length - 90]! ^= 0xff;
    expect(() => readNpz(zip, "a.npz")).toThrow("a.npz: must be a whole .npz file");
    expect(() => readNpz(zip.subarray(0, 20), "a.npz")).toThrow("no zip directory");
  });
});

describe("files of precomputed vectors", () => {
  it("are a .npy matrix beside a file of keys", async () => {
    fs.writeFileSync(path.join(folder, "v.npy"), npyBytes(Float32Array.of(1, 2, 3, 4), [2, 2]));
    fs.writeFileSync(path.join(folder, "keys.txt"), "a\nb\n");
    const given = { keyColumn: "key", vectorColumn: "vector", keysPath: path.join(folder, "keys.txt") };
    const vectors = await readVectorFile({ ...given, path: path.join(folder, "v.npy"), dim: 2 });
    expect([...vectors.get("b")!]).toEqual([3, 4]);
    expect(vectors.get("c")).toBeUndefined();
    await expect(readVectorFile({ ...given, path: path.join(folder, "v.npy"), dim: 3 })).rejects.toThrow(
      "array must be [rows, 3], got [2, 2]",
    );
    fs.writeFileSync(path.join(folder, "keys.txt"), "a\n");
    await expect(readVectorFile({ ...given, path: path.join(folder, "v.npy"), dim: 2 })).rejects.toThrow(
      "must have a key per row",
    );
  });

  it("or Parquet with a column of lists", async () => {
    const file = path.join(folder, "v.parquet");
    const columnData = [
      { name: "sku", data: ["a", "b"], type: "STRING" as const },
      {
        name: "embedding",
        data: [
          [1, 2],
          [3, 4],
        ],
        type: "JSON" as const,
      }, // prettier-ignore
    ];
    fs.writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData })));
    const given = { path: file, keysPath: null, keyColumn: "sku", vectorColumn: "embedding" };
    expect([...(await readVectorFile({ ...given, dim: 2 })).get("a")!]).toEqual([1, 2]);
    await expect(readVectorFile({ ...given, dim: 3 })).rejects.toThrow(
      'row 1: "embedding" must have 3 finite numbers, got 2 entries',
    );
  });
});
