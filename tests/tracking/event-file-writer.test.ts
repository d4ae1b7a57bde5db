import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProtobufWriter } from "../../lib/files/protobuf.js";
import { crc32c, maskedCrc32c } from "../../lib/tracking/crc32c.js";
import { EventFileWriter } from "../../lib/tracking/event-file-writer.js";
import { LOSS_LAYOUT, TensorBoardLog } from "../../lib/tracking/tensorboard-log.js";
import { readTfRecords, tfRecord } from "../../lib/tracking/tf-record.js";

// written by TensorBoard's own code, see generate.py beside it
const expected = JSON.parse(readFileSync("tests/fixtures/tracking/expected.json", "utf8"));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-events-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const utf8 = (text: string) => new TextEncoder().encode(text);
const numbers: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};
const parse = (text: string) => numbers[text] ?? Number(text);

describe("crc32c", () => {
  it.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["123456789", utf8("123456789"), 0xe3069283],
    ["nothing", new Uint8Array(0), 0],
  ])("gives the value of RFC 3720 for %s", (_, bytes, value) => {
    expect(crc32c(bytes)).toBe(value);
  });

  it("masks by turning 15 bits right and adding a constant", () => {
    const crc = BigInt(crc32c(utf8("123456789")));
    const turned = (crc >> 15n) | ((crc << 17n) & 0xffffffffn);
    expect(BigInt(maskedCrc32c(utf8("123456789")))).toBe((turned + 0xa282ead8n) & 0xffffffffn);
  });
});

describe("ProtobufWriter", () => {
  it("writes the examples of the encoding's documentation", () => {
    expect([...new ProtobufWriter().integer(1, 150).finish()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new ProtobufWriter().string(2, "testing").finish()]).toEqual([0x12, 0x07, ...utf8("testing")]);
    expect([...new ProtobufWriter().message(3, (inner) => inner.integer(1, 150)).finish()]).toEqual([
      0x1a, 0x03, 0x08, 0x96, 0x01,
    ]);
  });

  it("writes negative numbers as ten bytes of two's complement, and large ones whole", () => {
    expect([...new ProtobufWriter().integer(1, -2).finish()]).toEqual([
      8,
      0xfe,
      ...new Array(8).fill(0xff),
      1,
    ]);
    expect([...new ProtobufWriter().integer(1, 2 ** 40).finish()]).toEqual([8, 128, 128, 128, 128, 128, 32]);
    expect(() => new ProtobufWriter().integer(1, 1.5)).toThrow("integer must be whole, got 1.5");
  });
});

describe("EventFileWriter", () => {
  it("writes byte for byte what TensorBoard's own classes make of the same events", () => {
    const { wallTimeSec, resumedAfterStep } = expected;
    const writer = new EventFileWriter(folder, { wallTimeSec, resumedAfterStep });
    writer.layout(expected.layout, wallTimeSec);
    for (const [tag, step, value] of expected.scalars) writer.scalar(tag, step, parse(value), wallTimeSec);
    writer.close();
    expect(readFileSync(writer.file).toString("base64")).toBe(expected.eventFileBase64);
  });

  it("names files so that TensorBoard finds them and reads the later one later", () => {
    const first = new EventFileWriter(folder, { wallTimeSec: 999_999_999.5 });
    const second = new EventFileWriter(folder, { wallTimeSec: 1_700_000_000 });
    first.close();
    second.close();
    const names = readdirSync(folder).sort();
    expect(names).toEqual([path.basename(first.file), path.basename(second.file)]);
    for (const name of names) expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  });

  it("has every scalar on disk at once, so that a killed run loses none", () => {
    const writer = new EventFileWriter(folder);
    writer.scalar("a", 0, 1);
    expect(readTfRecords(readFileSync(writer.file)).records).toHaveLength(2);
    writer.close();
    writer.close();
    expect(() => writer.scalar("a", 1, 1)).toThrow("must be open");
  });

  it("refuses steps that are not whole", () => {
    const writer = new EventFileWriter(folder);
    expect(() => writer.scalar("a", 0.5, 1)).toThrow(
      "EventFileWriter.scalar: step must be a whole number ≥ 0, got 0.5 (a)",
    );
    expect(() => writer.scalar("a", -1, 1)).toThrow("got -1");
    writer.close();
  });
});

describe("readTfRecords", () => {
  const file = Buffer.concat([tfRecord(utf8("one")), tfRecord(new Uint8Array(0)), tfRecord(utf8("three"))]);

  it("gives back what was written, and passes over a torn end", () => {
    const text = (bytes: Uint8Array) =>
      readTfRecords(bytes).records.map((record) => Buffer.from(record).toString());
    expect(text(file)).toEqual(["one", "", "three"]);
    for (let cut = 1; cut <= 20; cut++) {
      expect(text(file.subarray(0, file.length - cut))).toEqual(["one", ""]);
      expect(readTfRecords(file.subarray(0, file.length - cut)).tornBytes).toBe(21 - cut);
    }
  });

  it("notices any flipped bit", () => {
    for (let at = 0; at < file.length; at++) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 1 << (at % 8);
      expect(() => readTfRecords(damaged)).toThrow("must have the checksum of");
    }
  });
});

describe("TensorBoardLog", () => {
  it("lays the losses out in two charts of one group", () => {
    expect(LOSS_LAYOUT).toEqual([
      {
        title: "metrics",
        charts: [
          { title: "loss", tags: ["Loss/train", "Loss/valid"] },
          { title: "averageLoss", tags: ["AverageLoss/train", "AverageLoss/valid"] },
        ],
      },
    ]);
  });

  it("writes a run's measurements, and a mark where a run goes on", () => {
    const log = new TensorBoardLog(folder);
    log.write([{ step: 64, name: "Recall@10", value: 0.5 }]);
    log.close();
    const resumed = new TensorBoardLog(folder, 64);
    resumed.close();
    const counts = readdirSync(folder)
      .sort()
      .map((name) => readTfRecords(readFileSync(path.join(folder, name))).records.length);
    expect(counts).toEqual([3, 3]); // version, layout, scalar; version, restart, layout
  });
});
