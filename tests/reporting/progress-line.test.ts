import { describe, expect, it } from "vitest";
import { displayWidth } from "../../lib/reporting/display-width.js";
import { humanCount } from "../../lib/reporting/human-numbers.js";
import { barLine, progressLine } from "../../lib/reporting/progress-line.js";

const epoch = { task: "epoch 1/5", done: 320, total: 640, unit: "pairs", note: "loss 3.141" };

describe("a bar", () => {
  it("shows share, count, rate, time left and loss where there is room", () => {
    expect(barLine(epoch, 2, 120)).toBe(
      "  epoch 1/5 [████████████░░░░░░░░░░░░] 50 % · 320/640 pairs · 160 pairs/s · 2 s left · loss 3.141",
    );
  });

  it("keeps time left and loss at 80, 60 and 40 columns, and never reaches the last column", () => {
    for (const width of [100, 80, 60]) {
      const line = barLine(epoch, 2, width);
      expect(line, String(width)).toContain("2 s left · loss 3.141");
      expect(line, String(width)).toContain("█");
      expect(displayWidth(line), String(width)).toBeLessThan(width);
    }
    expect(barLine(epoch, 2, 40)).toBe("  epoch 1/5 50 % · 2 s left · loss 3.141".slice(0, 38) + "…");
    for (let width = 8; width < 130; width++)
      expect(displayWidth(barLine({ ...epoch, task: "検索 test" }, 2, width))).toBeLessThan(width);
  });

  it("says at its end how long it took, not that 0 s are left", () => {
    expect(barLine({ ...epoch, done: 640 }, 75, 120)).toContain(
      "100 % · 640/640 pairs · 8.5 pairs/s · 1 min 15 s",
    );
  });

  it("gives no rate for what took no time to speak of", () => {
    expect(barLine({ ...epoch, done: 640 }, 0.004, 120)).not.toContain("/s");
    expect(progressLine({ ...epoch, done: 640 }, 0.004)).toBe(
      "epoch 1/5: 100 % of 640 pairs, 0 s, loss 3.141",
    );
    expect(humanCount(11_736_000)).toBe("11.7M");
  });
});
