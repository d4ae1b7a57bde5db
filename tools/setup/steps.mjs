// The steps of the set-up in their order. Each is a file of its own and knows by itself whether it is done.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureChromium } from "./chromium.mjs";
import { ensureJupyter } from "./jupyter.mjs";
import { ensurePackages } from "./npm-packages.mjs";

export const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** @see ensure in ../setup.mjs */
export async function runSteps({ jupyter = false, chromium = false, again = false }) {
  // the lines of both kinds of packages may come in any order: they are fetched side by side
  const say = (line) => console.log(process.stdout.isTTY ? `\r\x1b[2K${line}` : line);
  const packages = ensurePackages(ROOT, say).then((installed) => installed || process.exit(1));
  const found = jupyter ? ensureJupyter(ROOT, say, again) : null;
  await packages;
  const { ensurePlotlyMin } = await import("../plotly-min.mjs");
  await ensurePlotlyMin(ROOT, say);
  await found; // before Chromium, as both may use apt-get
  return { jupyter: await found, chromium: chromium ? await ensureChromium(say) : null };
}
