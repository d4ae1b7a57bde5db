// Every figure of the table of goals in bench/README.md, one after the other, and the table's rows.
//   node --import tsx bench/goals.ts [ONLY SCRIPTS WHOSE COMMAND HAS THIS TEXT]
// Wants an idle machine, Debian's torch, `npm run qdrl -- model import all-MiniLM-L6-v2`, and for encoding an environment
// with sentence-transformers: see README.md. About 12 minutes.
import { spawnSync } from "node:child_process";
import { loadavg } from "node:os";
import type { Goal } from "./goal.js";

const commands = [
  "transformer-step.ts small tfjs",
  "transformer-step.ts small jit",
  "transformer-step.ts minilm jit",
  "transformer-step.ts minilm jit 5 2",
  "minilm-encode.ts 2500 4 1",
  "minilm-encode.ts 10000 4 2",
  "cnn-step.ts jit",
  "cnn-step.ts tfjs 3",
  "kdd-step.ts",
  "own-loss.ts",
  "jit-start.ts",
];
const filter = process.argv[2] ?? "";
const goals: Goal[] = [];
console.log(`load ${loadavg()[0]!.toFixed(1)} before the first`);
for (const command of commands.filter((each) => each.includes(filter))) {
  const [script, ...args] = command.split(" ");
  const began = performance.now();
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", `bench/${script}`, ...args], {
    ...{ encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], timeout: 300_000 },
  });
  const lines = (stdout ?? "").split("\n");
  for (const line of lines) {
    if (line.startsWith("GOAL ")) goals.push(JSON.parse(line.slice(5)));
    else if (line.trim()) console.log(line);
  }
  const took = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`  [${command}: ${took} s${status === 0 ? "" : `, ended with ${status}`}]`);
}
console.log("\n| figure | goal | now | detail |\n|---|---|---|---|");
for (const { what, goal, unit, figure, detail } of goals) {
  const met = unit === "s" ? figure <= goal : figure >= goal;
  const shown = `${figure.toFixed(2)} ${unit}`;
  console.log(
    `| ${what} | ${unit === "s" ? "≤" : "≥"} ${goal} ${unit} | ${met ? `**${shown}**` : `${shown}: missed`} | ${detail} |`,
  );
}
