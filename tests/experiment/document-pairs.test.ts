import { describe, expect, it } from "vitest";
import { addDocumentPairs } from "../../lib/experiment/document-pairs.js";
import { datasetSection } from "../../lib/experiment/sections/dataset.js";

const items = [
  { id: "a", title: "Mice", text: "Mice sleep all day long. They eat. At night they run about the house." },
  { id: "b", title: "", text: "" },
];
const names = { query: ["q"], document: ["title", "text"] };
const section = (given: object) =>
  datasetSection.parse({
    query_features: [{ name: "q", type: "text" }],
    document_features: [{ name: "text", type: "text" }],
    ...given,
  });

describe("addDocumentPairs", () => {
  it("adds a column and every sentence that is long enough as queries of their own document", () => {
    const texts = { q: ["given"], title: ["T"], text: ["X"] };
    const given = section({ document_pairs: "title", sentence_pairs: { column: "text", min_words: 3 } });
    expect(addDocumentPairs(given, texts, names, items)).toEqual({
      "pairs of documents with themselves": 1,
      "pairs of documents with their sentences": 2,
    });
    expect(texts.q).toEqual([
      "given",
      "Mice",
      "Mice sleep all day long.",
      "At night they run about the house.",
    ]);
    expect(texts.title).toEqual(["T", "Mice", "Mice", "Mice"]);
    expect(texts.text.slice(1).every((text) => text === items[0]!.text)).toBe(true);
  });

  it("adds copies with words left out, in order, the same at every call", () => {
    const sentences = { column: "text", min_words: 3, copies: 4, keep_words: 0.6 };
    const run = () => {
      const texts = { q: [] as string[], title: [], text: [] };
      addDocumentPairs(section({ sentence_pairs: sentences }), texts, names, items);
      return texts.q;
    };
    const queries = run();
    expect(queries).toHaveLength(10);
    expect(run()).toEqual(queries);
    const words = queries[5]!.split(" ");
    for (const copy of queries.slice(6)) {
      expect(copy.split(" ")).toHaveLength(4); // .6 of 7
      let at = -1;
      for (const word of copy.split(" ")) {
        const next = words.indexOf(word, at + 1);
        expect(next).toBeGreaterThan(at);
        at = next;
      }
    }
    expect(new Set(queries.slice(6)).size).toBeGreaterThan(1);
    expect(queries[1]!.split(" ")).toHaveLength(3); // .6 of 5
  });

  it("adds spans of a column, whole words side by side, and only a document's first sentences", () => {
    const texts = { q: [] as string[], title: [], text: [] };
    const given = section({
      sentence_pairs: { column: "text", min_words: 2, most: 1 },
      span_pairs: { column: "text", count: 6, min_words: 2, max_words: 3 },
    });
    const counts = addDocumentPairs(given, texts, names, items);
    const [sentence, ...spans] = texts.q;
    expect(sentence).toBe("Mice sleep all day long.");
    expect(counts["pairs of documents with their sentences"]).toBe(1);
    expect(counts["pairs of documents with their spans"]).toBe(spans.length);
    expect(new Set(spans).size).toBe(spans.length);
    expect(spans.length).toBeGreaterThan(1);
    for (const span of spans) {
      expect(` ${items[0]!.text} `).toContain(` ${span} `);
      expect(["2", "3"]).toContain(String(span.split(" ").length));
    }
    const beside = section({ span_pairs: { column: "text", count: 2, beside: "title" } });
    const titled = { q: [] as string[], title: [], text: [] };
    addDocumentPairs(beside, titled, names, items);
    for (const query of titled.q) {
      expect(query).toMatch(/^Mice \S+ \S+/);
      expect(` ${items[0]!.text} `).toContain(` ${query.slice("Mice ".length)} `);
    }
    expect(() => section({ span_pairs: { column: "text", min_words: 7 } })).toThrow(
      /max_words must be at least/,
    );
  });

  it("adds nothing unless asked, and names the columns there are", () => {
    const texts = { q: ["given"], title: ["T"], text: ["X"] };
    expect(addDocumentPairs(section({}), texts, names, items)).toEqual({});
    expect(texts.q).toHaveLength(1);
    expect(() =>
      addDocumentPairs(section({ sentence_pairs: { column: "body" } }), texts, names, items),
    ).toThrow('dataset.sentence_pairs: must name a column of the documents (id, title, text), got "body"');
    expect(() =>
      addDocumentPairs(section({ document_pairs: "title" }), texts, { ...names, query: ["q", "r"] }, items),
    ).toThrow("dataset.document_pairs: queries must be one text column, got q, r");
  });
});
