/**
 * Memory and time of building a token dictionary (words, bigrams, trigrams) from one big part-file of generated rows:
 * a query of about 3 words and a name of about 8, with ever new rare words, as a log has them.
 * `npx tsx bench/dictionary.ts [rows]` (default 3,000,000); a third of the rows is counted first, to see the growth.
 * NODE_OPTIONS=--max-old-space-size=600 shows that it does not need more than that, whatever the rows.
 */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildTokenDictionary } from "../lib/datasets/build-dictionary.js";
import { Random } from "../lib/engine/random/random.js";

const rows = Number(process.argv[2] ?? 3_000_000);
const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-bench-dictionary-"));

/** Rank with probability falling about as 1/rank, without an end: the rarer a word, the newer. */
function word(random: Random): string {
  return `w${Math.floor(Math.exp(random.next() * 16.5)).toString(36)}`;
}

function writeRows(file: string, count: number): void {
  const random = new Random(1);
  const handle = openSync(file, "w");
  let block = "query_search_phrase,document_name\n";
  for (let row = 0; row < count; row++) {
    const words = (n: number) => Array.from({ length: n }, () => word(random)).join(" ");
    block += `${words(2 + random.int(3))},${words(6 + random.int(5))}\n`;
    if (block.length > 2 ** 20) {
      writeSync(handle, block);
      block = "";
    }
  }
  writeSync(handle, block);
  closeSync(handle);
}

async function measure(count: number): Promise<void> {
  const file = path.join(folder, "rows.csv");
  writeRows(file, count);
  const start = performance.now();
  const before = process.cpuUsage();
  let counting = 0;
  const result = await buildTokenDictionary({
    sources: [file],
    columns: ["query_search_phrase", "document_name"],
    outDir: folder,
    sizes: { unigrams: 150_000, bigrams: 40_000, trigrams: 40_000 },
    scratchDir: folder,
    onProgress: () => {
      counting = process.resourceUsage().maxRSS / 1024;
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${count.toLocaleString("en")} rows, ${(statSync(file).size / 1e6).toFixed(0)} MB: ${seconds.toFixed(0)} s (${cpu.toFixed(0)} s of processor time, ` +
      `${Math.round(count / cpu).toLocaleString("en")} rows/s), peak so far ${counting.toFixed(0)} MB while counting, ${peak.toFixed(0)} MB in the end; ` +
      `different words ${result.distinct["unigrams"]!.toLocaleString("en")}, bigrams ${result.distinct["bigrams"]!.toLocaleString("en")}`,
  );
}

async function main(): Promise<void> {
  try {
    for (const count of [Math.round(rows / 3), rows]) await measure(count);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
