import path from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { explainError } from "../../lib/cli/explain-error.js";
import { decodeDefaults, decodePicture } from "../../lib/datasets/images/decode-picture.js";
import { readManifest } from "../../lib/datasets/manifest.js";
import { atomicWriteFile } from "../../lib/files/atomic-write.js";
import { gunzip } from "../../lib/files/inflate.js";
import { readTensorFile } from "../../lib/files/safetensors.js";
import { systemFault } from "../../lib/files/system-fault.js";
import { UserError } from "../../lib/files/user-error.js";
import { put, testFolder } from "../datasets/test-folder.js";
import { runCommand } from "./run-command.js";

const folder = testFolder();
const inputs = path.resolve("tests/findings/inputs");

/** One or more lines that begin with where they apply, exit code 1, no stack. */
async function refused(...argv: string[]): Promise<string> {
  const { code, said, errors } = await runCommand(...argv);
  expect(said).not.toMatch(/\n\s+at /);
  expect(code, said).toBe(1);
  expect(errors.length, said).toBeGreaterThan(0);
  return errors.join("\n");
}

describe("an expected error", () => {
  it("is printed as its line; anything else as a stack", () => {
    expect(explainError(new UserError("a.csv:3: cell must be text, got 5"))).toBe(
      "error: a.csv:3: cell must be text, got 5",
    );
    expect(explainError(new RangeError("Invalid typed array length: 6400000000"))).toContain("\n    at ");
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(explainError(systemFault(full, "runs/a/metrics.jsonl"))).toBe(
      "error: runs/a/metrics.jsonl: the disk is full (ENOSPC)",
    );
  });

  it("of the file system names the file that was being written", () => {
    const file = put(folder, "in-the-way", "");
    expect(() => atomicWriteFile(path.join(file, "model"), "x")).toThrow(/in-the-way.*\((ENOTDIR|EEXIST)\)$/);
  });
});

describe("configurations", () => {
  it("with aliases or merges that explode are refused in a line", async () => {
    for (const name of ["alias_bomb", "merge_bomb"])
      expect(await refused("train", `${inputs}/${name}.yaml`)).toContain(`${name}.yaml`);
  });

  it("of sweeps count their rows, and folders that clash, before any is made", async () => {
    const base = "task_id: s\ntitle: t\nbase: configs/emoji/baseline.yaml\nseeds: [1]\n";
    const values = `[${Array.from({ length: 20 }, (_, i) => i + 1)}]`;
    const keys = ["seed", "batch_size", "learning_rate", "num_epochs", "log_every", "a.b", "c.d"];
    const grid = put(
      folder,
      "grid.yaml",
      `${base}grid: { ${keys.map((key) => `${key}: ${values}`).join(", ")} }\n`,
    );
    expect(await refused("sweep", grid)).toContain("must make at most 10000 rows, got 1280000000");
    const rows = "rows: [{ name: 'a b', set: {} }, { name: 'a-b', set: { batch_size: 16 } }]\n";
    expect(await refused("sweep", put(folder, "clash.yaml", base + rows))).toContain('got "a b" and "a-b"');
  });

  it("and data sets called as what every object has are unknown", async () => {
    for (const name of ["constructor", "__proto__", "toString"])
      expect(await refused("data", "import", name)).toContain(`unknown data set "${name}"; known: beir`);
  });
});

describe("tensor files of other programs", () => {
  const file = (header: unknown, body = new Uint8Array(4)) => {
    const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return put(folder, "x.safetensors", Buffer.concat([length, text, body]));
  };
  const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  const read = (header: unknown) => () => readTensorFile(file(header), { sealed: false });

  it("are read", () => {
    expect(read({ a: one })().tensors["a"]).toEqual({ shape: [1], data: Float32Array.of(0) });
  });

  it.each([
    ["null", "header must hold tensors by name"],
    ["[1,2]", "header must hold tensors by name"],
    [{ a: null }, "a must have dtype, shape and data_offsets, got null"],
    [{ a: { ...one, data_offsets: undefined } }, "a must have data_offsets of two whole numbers"],
    [{ a: { ...one, data_offsets: ["0", "4"] } }, "a must have data_offsets of two whole numbers"],
    [{ a: { ...one, data_offsets: [4, 0] } }, "a must have data_offsets of two whole numbers"],
    [{ a: { ...one, data_offsets: [-4, 0] } }, "a must have data_offsets of two whole numbers"],
    [{ a: { ...one, data_offsets: [0.5, 4.5] } }, "a must have data_offsets of two whole numbers"],
    [{ a: { ...one, data_offsets: [0, 3] } }, "a must have 4 bytes for its shape and type, got 3"],
    [{ a: { ...one, shape: [-1, -1] } }, "a must have a shape of whole numbers, got [-1,-1]"],
    [{ a: { ...one, shape: undefined } }, "a must have a shape of whole numbers, got none"],
    [{ a: { ...one, dtype: "toString" } }, "a must be of type F32"],
    [{ a: { ...one, dtype: "constructor" } }, "a must be of type F32"],
    [{ a: one, b: one }, "tensors must not overlap, got a and b"],
  ])("are refused by name where %j", (header, rule) => {
    expect(read(header)).toThrow(UserError);
    expect(read(header)).toThrow(rule);
  });
});

describe("models to import", () => {
  const bert = {
    model_type: "bert",
    vocab_size: 20,
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 16,
    max_position_embeddings: 16,
  };
  const model = (name: string, config: unknown) => {
    put(folder, `${name}/config.json`, JSON.stringify(config));
    put(folder, `${name}/model.safetensors`, "");
    return `${folder}/${name}`;
  };

  it("with impossible sizes are refused before their weights are compared", async () => {
    for (const [name, config, rule] of [
      ["null", null, "config.json: must hold keys and values, got null"],
      ["layers", { ...bert, num_hidden_layers: 1e9 }, "numHiddenLayers must be at most 1000, got 1000000000"],
      ["hidden", { ...bert, hidden_size: 1e9 }, "hiddenSize must be at most 65536"],
      ["heads", { ...bert, num_attention_heads: 0 }, "numAttentionHeads must be a positive integer, got 0"],
    ] as const)
      expect(await refused("model", "import", model(name, config), "-o", `${folder}/out`)).toContain(rule);
  });

  it("in archives that unpack to a thousand times their size are refused before they are unpacked", async () => {
    const bomb = put(folder, "bomb.zip", zipSync({ "m/model.safetensors": new Uint8Array(2e6) }));
    expect(await refused("model", "import", bomb, "-o", `${folder}/out`)).toContain(
      'must unpack to at most 100 times their size, got more for "m/model.safetensors"',
    );
    expect(() => gunzip(gzipSync(new Uint8Array(2e6)), "q.gz", 1e6)).toThrow(
      "q.gz: must unpack to at most 1,000,000 bytes, got more",
    );
    expect(() => gunzip(gzipSync("x").subarray(0, 12), "q.gz")).toThrow(
      /^q.gz: must be whole and undamaged gzip/,
    );
  });
});

describe("data sets of others", () => {
  it("cannot name files outside their folder", () => {
    const path = "queries/queries.json";
    const manifest = {
      datasetFormat: 1,
      name: "set",
      builder: { name: "test", version: 1 },
      sources: [],
      licence: "none",
      splitRule: "none",
      notes: [],
      columns: { query: {}, document: {} },
      evaluationSets: [
        { name: "test", queriesPath: path, itemsPath: path, description: "", judgedNegatives: false },
      ],
      options: {},
      counts: {},
      files: { [path]: { sha256: "0".repeat(64), bytes: 1 } },
      fingerprint: "0".repeat(64),
    };
    put(folder, "set/manifest.json", JSON.stringify(manifest));
    expect(readManifest(`${folder}/set`)!.name).toBe("set");
    const outside = "must be a path inside the data set folder";
    for (const name of ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "a\\..\\b"]) {
      const set = { ...manifest.evaluationSets[0], queriesPath: name };
      put(folder, "set/manifest.json", JSON.stringify({ ...manifest, evaluationSets: [set] }));
      expect(() => readManifest(`${folder}/set`), name).toThrow(outside);
      const files = { [name]: { sha256: "0".repeat(64), bytes: 1 } };
      put(folder, "set/manifest.json", JSON.stringify({ ...manifest, files }));
      expect(() => readManifest(`${folder}/set`), name).toThrow(outside);
    }
  });

  it("cannot hold drawings that take seconds", async () => {
    const svg = (content: string) =>
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">${content}</svg>`,
      );
    const ten = (i: number) => `<g id='a${i + 1}'>${`<use xlink:href='#a${i}'/>`.repeat(10)}</g>`;
    const bomb = `<defs><g id='a0'><rect width='1' height='1'/></g>${Array.from({ length: 9 }, (_, i) => ten(i)).join("")}</defs><use xlink:href='#a9'/>`;
    const decode = (content: string) => decodePicture(svg(content), "x.svg", decodeDefaults);
    await expect(decode(bomb)).rejects.toThrow("x.svg: drawing must come to at most 20000 elements");
    await expect(decode("<g id='x'><use xlink:href='#x'/></g>")).rejects.toThrow("refers to itself");
    const blue = await decode(
      "<defs><rect id='r' width='64' height='64' fill='#00f'/></defs><use xlink:href='#r'/>",
    );
    expect([...blue.subarray(0, 3)]).toEqual([0, 0, 255]);
  });
});
