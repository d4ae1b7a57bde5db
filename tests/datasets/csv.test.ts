import { describe, expect, it } from "vitest";
import { csvLine, readCsv } from "../../lib/datasets/csv.js";
import { readPartFile } from "../../lib/datasets/part-files.js";
import { Random } from "../../lib/engine/random/random.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("CSV", () => {
  it("reads quotes, delimiters and line breaks in cells, and Windows line ends", () => {
    const file = put(
      folder,
      "quoted.csv",
      '\ufeffa,b\r\n1,"x, ""q""\r\n\r\nlast"\r\n"",5" screen\r\n\r\n"3",""""\r\n',
    );
    const { columns, report } = readCsv(file);
    expect(columns).toEqual({ a: ["1", "", "3"], b: ['x, "q"\n\nlast', '5" screen', '"'] });
    expect(report).toMatchObject({ rows: 3, malformed: 0, nullCells: { a: 1 } });
  });

  it("comes back as it was written, for random cells", () => {
    const random = new Random(3);
    const alphabet = ['"', ",", "\n", "a", " ", "ż", "\t"];
    const rows = Array.from({ length: 500 }, () =>
      Array.from({ length: 3 }, () => {
        let cell = "x";
        for (let i = random.int(6); i > 0; i--) cell += alphabet[random.int(alphabet.length)];
        return cell;
      }),
    );
    const file = put(folder, "round.csv", [["a", "b", "c"], ...rows].map((row) => csvLine(row)).join(""));
    const { columns, report } = readCsv(file);
    expect(report).toMatchObject({ rows: 500, malformed: 0 });
    expect(rows.map((_, i) => [columns["a"]![i], columns["b"]![i], columns["c"]![i]])).toEqual(rows);
  });

  it("leaves out what is malformed and goes on with the next line", () => {
    const text = 'a,b\n1,one\n2\n3,x,y\n4,"bad"quote\n5,"never closed\n6,six\n7,seven\n';
    const { columns, report } = readCsv(put(folder, "bad.csv", text));
    expect(columns).toEqual({ a: ["1", "6", "7"], b: ["one", "six", "seven"] });
    expect(report.malformedExamples.map((row) => `${row.line}: ${row.reason}`)).toEqual([
      "3: record must have 2 cells as the header, got 1",
      "4: record must have 2 cells as the header, got 3",
      '5: a closing quote must be followed by the delimiter or the line\'s end, got "quote"',
      "6: quote must be closed within 1000 lines, got none",
    ]);
  });

  it("leaves out bytes that are not UTF-8 and a line that is far too long", () => {
    const file = put(
      folder,
      "long.csv",
      Buffer.concat([
        Buffer.from("a\nok\n"),
        Buffer.from([0xc3, 0x28, 0x0a]),
        Buffer.alloc(70 * 2 ** 20, "y"),
        Buffer.from("\nend\n"),
      ]),
    );
    const { columns, report } = readCsv(file);
    expect(columns).toEqual({ a: ["ok", "end"] });
    expect(report.malformedExamples.map((row) => row.reason)).toEqual([
      "line must be UTF-8, got other bytes",
      `line must have at most ${64 * 2 ** 20} bytes, got ${70 * 2 ** 20}`,
    ]);
  });

  it("reads only the wanted columns, tabs, files without header and files without quoting", async () => {
    const tabs = put(folder, "tabs.tsv", 'q\td\nred, "x"\t1\n');
    expect((await readPartFile(tabs, ["d"])).columns).toEqual({ d: ["1"] });
    const plain = put(folder, "plain.tsv", '"a\t1\n');
    expect(readCsv(plain, null, { quotes: false, header: ["q", "d"] }).columns).toEqual({
      q: ['"a'],
      d: ["1"],
    });
    expect(readCsv(tabs, null, { maxRows: 0 }).columns).toEqual({ q: [], d: [] });
  });

  it("names a missing column, a repeated one and a file without header", () => {
    const file = put(folder, "head.csv", "a,b\n1,2\n");
    expect(() => readCsv(file, ["c"])).toThrow(`${file}: column "c" must be present, got columns a, b`);
    expect(() => readCsv(put(folder, "twice.csv", "a,a\n"))).toThrow(
      'twice.csv:1: header must name each column once, got "a" twice',
    );
    expect(() => readCsv(put(folder, "none.csv", "\n"))).toThrow(
      "none.csv: file must have a header line, got an empty file",
    );
    expect(() => readCsv(put(folder, "one.csv", 'a\n"x"y\n'), null, { maxMalformed: 0 })).toThrow(
      "one.csv:2: a closing quote",
    );
  });
});
