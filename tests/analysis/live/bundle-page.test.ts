import { describe, expect, it } from "vitest";
import { bundleForBrowser } from "../../../lib/analysis/live/bundle-page.js";

describe("the bundle of a page", () => {
  it("reaches no module of Node, and stays below 120 kB", async () => {
    const code = await bundleForBrowser("lib/browser/page/page-entry.ts");
    expect(code).not.toMatch(/["']node:/);
    expect(code.length).toBeLessThan(120_000);
  });

  it("is refused where Node, or an operation that no page has, can be reached", async () => {
    await expect(bundleForBrowser("lib/tracking/run-folder.ts")).rejects.toThrow(/Could not resolve "node:/);
    await expect(bundleForBrowser("lib/encoders/layer-norm.ts")).rejects.toThrow(
      /Import "\w+" will always be undefined/,
    );
  });

  it("has the stemmers only where they are asked for", async () => {
    const [without, with_] = await Promise.all(
      [false, true].map((stemmers) => bundleForBrowser("lib/browser/node-core.ts", { stemmers })),
    );
    expect(with_!.length - without!.length).toBeGreaterThan(250_000);
  });
});
