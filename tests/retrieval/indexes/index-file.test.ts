import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { buildIndex, indexKinds, openIndex } from "../../../lib/retrieval/indexes/open-index.js";
import { Bm25Index } from "../../../lib/retrieval/lexical/bm25.js";
import { loadBm25, saveBm25 } from "../../../lib/retrieval/lexical/bm25-file.js";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-index-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const random = new Random(16);
const vectors = Float32Array.from({ length: 60 * 4 }, () => random.normal());

const kinds = [...indexKinds, "bm25"] as const;
type Kind = (typeof kinds)[number];

/** One saved index of every kind. */
const saved = Object.fromEntries(
  kinds.map((kind) => {
    const file = path.join(folder, `${kind}.index`);
    if (kind === "bm25") saveBm25(Bm25Index.build([["a", "b"], ["b"], ["c", "c"]]), file);
    else buildIndex(vectors, { kind, dim: 4 }).save(file);
    return [kind, readFileSync(file)];
  }),
) as unknown as Record<Kind, Buffer>;

function open(kind: Kind, content: Uint8Array, name = `${kind}-broken.index`): unknown {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return kind === "bm25" ? loadBm25(file) : openIndex(file);
}

/** Where the parts of a file lie: what follows the sections is footer, lengths, version, checksum and mark. */
function parts(bytes: Buffer): Record<string, [from: number, to: number]> {
  const end = bytes.length;
  const footer = bytes.readUInt32LE(end - 48);
  return {
    "a section's start": [0, 64],
    "a section's middle": [64, end - 48 - footer],
    footer: [end - 48 - footer, end - 48],
    "footer length": [end - 48, end - 44],
    version: [end - 44, end - 40],
    checksum: [end - 40, end - 8],
    mark: [end - 8, end],
  };
}

/** Why a file is refused whose part is damaged, if not for its checksum. */
const reasons: Record<string, string> = { version: "has format version", mark: "is not an index file" };

describe.each(kinds)("the file of an index: %s", (kind) => {
  const bytes = saved[kind];

  it.each(Object.keys(parts(bytes)))("with a bit of its %s flipped is refused by name", (part) => {
    const [from, to] = parts(bytes)[part]!;
    for (let i = 0; i < 12; i++) {
      const copy = Uint8Array.from(bytes);
      copy[from + random.int(to - from)]! ^= 1 << random.int(8);
      const reason = reasons[part] ?? "is damaged";
      expect(() => open(kind, copy)).toThrow(new RegExp(`${kind}-broken\\.index: ${reason}`));
    }
  });

  it("cut short, lengthened or joined with another is refused", () => {
    for (const length of [0, 1, 47, 48, 100, bytes.length >> 1, bytes.length - 1])
      expect(() => open(kind, bytes.subarray(0, length))).toThrow(
        /broken\.index: is not an index file of this workspace, or cut short/,
      );
    expect(() => open(kind, Buffer.concat([bytes, Buffer.from([0])]))).toThrow(/is not an index file/);
    expect(() => open(kind, Buffer.concat([bytes, bytes]))).toThrow(/is damaged/);
    expect(() => open(kind, bytes.subarray(64))).toThrow(/is damaged/);
  });

  it("under another kind's reader is refused", () => {
    for (const other of kinds) {
      if (other === kind || (kind !== "bm25" && other !== "bm25")) continue;
      expect(() => open(other, bytes, "other.index")).toThrow(
        `other.index: holds an index of kind "${kind}"`,
      );
    }
  });
});

describe("a file that is no index of ours", () => {
  it("is refused by name, also when it belongs to another library", () => {
    const foreign: Record<string, Uint8Array> = {
      "x.json": Buffer.from("{}\n".repeat(100)),
      "zeros.index": new Uint8Array(4096),
      "faiss.index": Buffer.concat([Buffer.from("IxFI\u0080\0\0\0", "latin1"), new Uint8Array(1000)]),
      "graph.usearch": saved.hnsw.subarray(0, 2000),
    };
    for (const [name, content] of Object.entries(foreign))
      for (const kind of ["exact", "bm25"] as const)
        expect(() => open(kind, content, name)).toThrow(`${name}: is not an index file of this workspace`);
    expect(() => openIndex(path.join(folder, "none.index"))).toThrow(/none\.index: cannot be opened: ENOENT/);
    expect(() => openIndex(folder)).toThrow(`${folder}: is not a file`);
  });
});
