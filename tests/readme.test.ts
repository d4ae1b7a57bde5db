import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTable } from "../lib/analysis/report-page.js";
import { openRun } from "../lib/tracking/run-folder.js";

/** Commands of the README that the test command itself stands for. */
const RUN_ELSEWHERE = new Set(["npm test"]);
const COPIED = [
  "lib",
  "tools",
  "configs",
  "notebooks",
  "package.json",
  "package-lock.json",
  "requirements.txt",
  ".npmrc",
  ".jupyter",
];
const LINKED = ["node_modules", ".venv"];

const commands = [...fs.readFileSync("README.md", "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .flatMap((block) => block[1]!.trim().split("\n"))
  .filter((command) => !RUN_ELSEWHERE.has(command));

let copy: string;

beforeAll(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-readme-"));
  for (const name of COPIED) fs.cpSync(name, path.join(copy, name), { recursive: true });
  fs.writeFileSync(path.join(copy, "shop.csv"), shopTable());
  for (const name of LINKED)
    if (fs.existsSync(name)) fs.symlinkSync(path.resolve(name), path.join(copy, name));
});

/** A reader's own table, as `init` is given one: searches and the products that answered them. */
function shopTable(): string {
  const things = {
    speaker: "loudspeaker",
    lamp: "lantern",
    chair: "stool",
    kettle: "boiler",
    phone: "mobile",
  };
  const rows = ["red", "blue", "green", "black", "white", "silver"].flatMap((colour, i) =>
    Object.entries(things).flatMap(([thing, other], j) =>
      [thing, other, `${other} new`].map(
        (word) => `P${i}${j},${colour} ${thing} model ${i}${j},${colour} ${word}`,
      ),
    ),
  );
  return `sku,title,search\n${rows.join("\n")}\n`;
}

afterAll(() => fs.rmSync(copy, { recursive: true, force: true }));

/** Runs a command in the copy; one that serves is ended as soon as it says where. */
function run(command: string): Promise<{ code: number | null; output: string }> {
  const child = spawn("bash", ["-c", command], {
    cwd: copy,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let served = false;
  const read = (text: Buffer) => {
    output += text;
    if (served || !/https?:\/\/(localhost|127\.0\.0\.1):\d+\//.test(output)) return;
    served = true;
    process.kill(-child.pid!, "SIGTERM");
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: served ? 0 : code, output })));
}

describe("every command of the README runs, in its order, in a copy of the workspace", () => {
  it("has commands to run", () => {
    expect(commands).toContain("npm start");
    expect(commands.length).toBeGreaterThan(5);
  });

  for (const command of commands)
    it(command, async () => {
      const { code, output } = await run(command);
      expect(code, output.slice(-3000)).toBe(0);
      if (command === "npm start") {
        expect(output).toContain("Queries: phrases");
        expect(output).toMatch(/Open reports\/index\.html in a browser/);
        expect(fs.statSync(path.join(copy, "reports/index.html")).size).toBeGreaterThan(1e6);
      }
      if (command.includes(" search ")) expect(output).toMatch(/^ {3}1 {2}0\.\d{3} {2}\S/m);
    }, 600_000);

  it("leaves runs whose figures are those that the tour's notebook states", () => {
    const { cells } = JSON.parse(fs.readFileSync("notebooks/00-tour.ipynb", "utf8")) as {
      cells: { source: string[] }[];
    };
    const stated = [...cells[0]!.source.join("").matchAll(/^\| (.*?) \| (.*?) \| (.*?) \|$/gm)];
    const folders = {
      "BM25 over names": "bm25",
      "BM25 over names and their 3–4-grams": "bm25-ngrams",
      "bag of words and 2–4-grams": "starter",
      "the thesis' two towers, words": "baseline",
    };
    expect(stated.map(([, system]) => system)).toEqual(Object.keys(folders));
    const runs = Object.values(folders).map((name) => openRun(path.join(copy, "reports/runs/tour", name)));
    const { rows, metrics } = setTable(runs, "phrases", [0, 0.5], "BM25");
    const columns = ["Recall@10", "Recall@10, typos 0.5"].map((label) => metrics.indexOf(label));
    stated.forEach(([, system, ...texts], row) => {
      columns.forEach((column, i) => {
        const { mean, low, high } = rows[row]!.cells[column]!;
        const numbers = texts[i]!.match(/\d\.\d+/g)!.map(Number);
        // a machine that rounds multiply-add otherwise may differ in the last digit
        for (const [at, number] of numbers.entries())
          expect(Math.abs(number - [mean, low, high][at]!), `${system}: ${number}`).toBeLessThan(0.0015);
      });
    });
  });
});
