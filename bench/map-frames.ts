// Milliseconds a frame of a report's map while it moves, by number of points, in headless Chromium:
//   npx tsx bench/map-frames.ts [POINTS ...]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { liveContent } from "../lib/analysis/live/live-content.js";
import type { Payload } from "../lib/browser/payload.js";
import { PayloadWriter } from "../lib/browser/payload-bytes.js";
import { Random } from "../lib/engine/random/random.js";
import { PALETTE } from "../lib/reporting/figures/theme.js";
import { htmlPage } from "../lib/reporting/html-page.js";
import { BROWSER_ARGUMENTS, findChromium } from "../lib/reporting/static-image.js";

const FRAMES = 60;
const KINDS = 12;

async function pageWith(points: number): Promise<string> {
  const random = new Random(1);
  const writer = new PayloadWriter();
  const coordinates = Float32Array.from({ length: points * 2 }, () => random.normal());
  const ids = Array.from({ length: points }, (_, i) => `d${i}`);
  const payload: Payload = {
    corpus: { ids, names: ids, columns: { kind: ids.map(() => `kind ${random.int(KINDS)}`) } },
    map: {
      queries: { texts: [], relevant: [], slices: {} },
      runs: [
        {
          name: "random",
          layouts: [{ name: "normal", points: writer.addPoints(coordinates), statement: "" }],
          neighbours: null,
          values: {},
        },
      ],
      columns: ["kind"],
      palette: PALETTE,
    },
  };
  return htmlPage({
    title: "Map",
    answer: [],
    sections: [{ title: "Map", blocks: [{ kind: "live", part: "map" }] }],
    sources: [],
    live: await liveContent(payload, writer.bytes()),
  });
}

async function main(): Promise<void> {
  const counts = process.argv.slice(2).map(Number);
  const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-map-"));
  const browser = await chromium.launch({ executablePath: findChromium()!, args: BROWSER_ARGUMENTS });
  try {
    for (const points of counts.length > 0 ? counts : [1600, 10_000, 100_000]) {
      const file = path.join(folder, `${points}.html`);
      writeFileSync(file, await pageWith(points));
      const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await tab.goto(`file://${file}`);
      await tab.waitForFunction("document.documentElement.dataset.live === 'ready'");
      const times = (await tab.evaluate(`qdrlPage.map.timeFrames(${FRAMES})`)) as number[];
      times.sort((a, b) => a - b);
      const [median, least] = [times[FRAMES / 2]!, times[0]!];
      console.log(
        `${points.toLocaleString("en")} points: median ${median.toFixed(1)} ms a frame, fastest ${least.toFixed(1)} of ${FRAMES}`,
      );
      await tab.close();
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

await main();
