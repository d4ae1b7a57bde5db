import { openIndexFile, writeIndexFile } from "../indexes/index-file.js";
import { Bm25Index, type Bm25Parts } from "./bm25.js";

/** Writes an index to one file, whole or not at all. @returns the file's size in bytes */
export function saveBm25(index: Bm25Index, filePath: string): number {
  const { header, terms, offsets, postings, weights } = index.parts();
  const bytes = (array: Uint32Array | Int32Array | Float32Array): Uint8Array[] => [
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  ];
  return writeIndexFile(filePath, {
    kind: "bm25",
    header: { ...header },
    sections: {
      terms: [Buffer.from(JSON.stringify(terms), "utf8")],
      offsets: bytes(offsets),
      postings: bytes(postings),
      weights: bytes(weights),
    },
  });
}

/** @throws UserError naming the file and what is wrong with it */
export function loadBm25(filePath: string): Bm25Index {
  const file = openIndexFile(filePath, "bm25");
  return Bm25Index.fromParts({
    header: file.header as unknown as Bm25Parts["header"],
    terms: JSON.parse(Buffer.from(file.section("terms")).toString("utf8")) as string[],
    offsets: new Uint32Array(file.section("offsets").buffer),
    postings: new Int32Array(file.section("postings").buffer),
    weights: new Float32Array(file.section("weights").buffer),
  });
}
