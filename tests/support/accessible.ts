import { mkdirSync } from "node:fs";
import path from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** Three widths, each in light and dark. */
const WIDTHS = [360, 768, 1280];
const SCHEMES = ["light", "dark"] as const;

/** Where screenshots are left for whoever looks, continuous integration among them; git ignores the folder. */
const SCREENSHOTS = path.resolve("reports/screenshots");

/**
 * What axe-core finds in a page in every width and colour scheme, one line each, and what scrolls sideways; each sight is
 * left as a screenshot.
 *
 * @param name  of the screenshots
 * @see https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
 */
export async function findings(
  page: Page,
  name: string,
  { widths = WIDTHS }: { widths?: readonly number[] } = {},
): Promise<string[]> {
  const found: string[] = [];
  mkdirSync(SCREENSHOTS, { recursive: true });
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  for (const width of widths)
    for (const colorScheme of SCHEMES) {
      const sight = `${name}-${width}-${colorScheme}`;
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // transitions of colours end, plotly has taken the width
      await page.waitForTimeout(300);
      const { violations } = (await page.evaluate("axe.run({ preload: false })")) as AxeResult;
      for (const { id, nodes } of violations)
        for (const { html, failureSummary } of nodes)
          found.push(
            `${sight}: ${id}: ${html.slice(0, 200)} ${failureSummary?.split("\n")[1]?.trim() ?? ""}`,
          );
      const wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
      if (wide !== 0) found.push(`${sight}: ${wide} pixels wider than the window`);
      await page.screenshot({ path: path.join(SCREENSHOTS, `${sight}.png`), fullPage: true });
    }
  return found;
}
