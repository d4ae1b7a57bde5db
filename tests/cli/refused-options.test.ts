import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { checkFlags, listOf, refuseUnused, seedList, wholeNumber } from "../../lib/cli/flags.js";
import { main } from "../../lib/cli/main.js";
import { UserError } from "../../lib/files/user-error.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});

/** What a command line that is refused prints. */
async function refused(...args: string[]): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    expect(await main(args)).toBe(1);
    return written.join("");
  } finally {
    spy.mockRestore();
  }
}

function write(name: string, text: string): string {
  const file = path.join(tiny.root, name);
  fs.writeFileSync(file, text);
  return file;
}

const sweep = () =>
  write("sweep.yaml", `{task_id: s, title: t, base: ${tiny.config()}, grid: {batch_size: [8]}}`);

describe("an option that would change nothing", () => {
  const cases: [string, () => string[], string][] = [
    [
      "a seed of an import whose mapping has its own",
      () => ["data", "import", "mapped", "--from", write("map.yaml", "name: x"), "--seed", "7"],
      `data set "mapped": seed must not be given, the mapping's own key seed draws its split; got 7`,
    ],
    [
      "files for a data set that is built from packages",
      () => ["data", "import", "emoji", "--from", tiny.root],
      'data set "emoji": from must not be given, it is built from packages; got ',
    ],
    [
      "an unknown data set of the thesis",
      () => ["report", "thesis", "--size", "small", "--datasets", "emoji,imdb"],
      'datasets: must be of emoji, msrd, or a folder with a slash, got "imdb"',
    ],
    [
      "cut-offs of a robustness table",
      () => ["evaluate", tiny.dir, "--robustness", "--k", "5"],
      '--k: must be given without --robustness only, got "5"',
    ],
    [
      "kinds of typo without their table",
      () => ["evaluate", tiny.dir, "--models", "qwerty"],
      '--models: must be given with --robustness only, got "qwerty"',
    ],
    [
      "typos beside DL-Typo's own",
      () => ["evaluate", tiny.dir, "--consistency", "--typos", "0.5"],
      '--typos: must be given without --consistency only, got "0.5"',
    ],
  ];
  it.each(cases)("is refused by name: %s", async (_what, args, message) => {
    expect(await refused(...args())).toMatch(new RegExp(`^error: ${escaped(message)}[^\n]*\n$`));
  });
});

describe("an option that means nothing", () => {
  const cases: [() => string[], string][] = [
    [
      () => ["data", "import", "beir", "--from", tiny.root, "--seed", "abc"],
      '--seed: must be a number, got "abc"',
    ],
    [
      () => ["data", "build", "--held-out-keywords", "0x10"],
      '--held-out-keywords: must be a number, got "0x10"',
    ],
    [
      () => ["sweep", sweep(), "--seeds", "1,1"],
      '--seeds: must be different whole numbers with commas between, got "1,1"',
    ],
    [() => ["sweep", sweep(), "--seeds", "1,x"], '--seeds: must be a number, got "1,x"'],
    [() => ["sweep", sweep(), "--workers", "0"], '--workers: must be ≥ 1, got "0"'],
    [() => ["study", "labels", tiny.config(), "--difference", "0"], '--difference: must be > 0, got "0"'],
    [() => ["study", "ablation", tiny.config(), "--most-rows", "1"], '--most-rows: must be ≥ 2, got "1"'],
    [
      () => ["study", "ablation", sweep(), "--interactions", "a"],
      '--interactions: must be all, or pairs such as a:b, got "a"',
    ],
    [
      () => ["evaluate", tiny.dir, "--judged-queries"],
      "--judged-queries: must be given with --judgements only, got true",
    ],
    [() => ["search", tiny.dir, "red", "-k", "1.5"], '--top: must be a whole number, got "1.5"'],
    [
      () => ["search", tiny.dir, "red", "--threshold", "high"],
      '--threshold: must be a number or none, got "high"',
    ],
    [() => ["threshold", tiny.dir, "--typos", "0,2"], '--typos: must be ≤ 1, got "0,2"'],
    [() => ["trec", "export", tiny.dir, "--depth", ""], '--depth: must be a number, got ""'],
    [() => ["compare", tiny.dir, tiny.dir, "--typo", "-1"], '--typo: must be ≥ 0, got "-1"'],
    [() => ["doctor", tiny.config(), "--steps", "many"], '--steps: must be a number, got "many"'],
    [() => ["projector", tiny.dir, "--documents", "0"], '--documents: must be ≥ 1, got "0"'],
    [
      () => ["kdd", "configs/kdd/emoji.yaml", "--steps", "prepare,nothing"],
      '--steps: must be one of generate, prepare, pretrain, model1, model2, ensemble, got "prepare,nothing"',
    ],
    [
      () => ["kdd", "configs/kdd/emoji.yaml", "--matching-seeds", "1,1"],
      '--matching-seeds: must be different whole numbers with commas between, got "1,1"',
    ],
    [
      () => ["extract", tiny.dir, "--model", "m.onnx", "-o", "x", "--mean", "1,2"],
      '--mean: must be three numbers with commas between, got "1,2"',
    ],
  ];
  it.each(cases)("is refused before any work", async (args, message) => {
    expect(await refused(...args())).toBe(`error: ${message}\n`);
  });
});

describe("checkFlags", () => {
  it("makes numbers and lists of texts, leaves other options, and reports each that is wrong", () => {
    const shape = { top: wholeNumber(1, 9), seeds: seedList.optional(), names: listOf(wholeNumber(0)) };
    expect(checkFlags({ top: "3", output: "x", names: "1, 2" }, shape)).toEqual({
      top: 3,
      output: "x",
      names: [1, 2],
    });
    expect(() => checkFlags({ top: "10", names: "a" }, shape)).toThrow(
      new UserError('--top: must be ≤ 9, got "10"\n--names: must be a number, got "a"'),
    );
    expect(() => refuseUnused({ minLength: 0 }, ["minLength"], "with --words")).toThrow(
      new UserError("--min-length: must be given with --words only, got 0"),
    );
    refuseUnused({ minLength: false }, ["minLength", "other"], "with --words");
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
