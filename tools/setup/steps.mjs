// The steps of the set-up in their order. Each is a file of its own and knows by itself whether it is done.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureChromium } from "./chromium.mjs";
import { ensureJupyter } from "./jupyter.mjs";
import { ensurePackages } from "./npm-packages.mjs";

export const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** @see ensure in ../setup.mjs */
export async function runSteps({ jupyter = false, chromium = false, again = false }) {
  const say = (line) => console.log(line);
  if (!(await ensurePackages(ROOT, say))) process.exit(1);
  const { ensurePlotlyMin } = await import("../plotly-min.mjs");
  await ensurePlotlyMin(ROOT, say);
  return {
    jupyter: jupyter ? await ensureJupyter(ROOT, say, again) : null,
    chromium: chromium ? await ensureChromium(say) : null,
  };
}
