import sharp from "sharp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { figurePicture } from "../../lib/reporting/cell-pictures.js";
import { lossCurve } from "../../lib/reporting/figures/loss-curve.js";
import { findChromium } from "../../lib/reporting/static-image.js";

const figure = lossCurve([{ name: "softmax", points: [0, 1, 2].map((step) => ({ step, value: 2 - step })) }]);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("figurePicture", () => {
  it.runIf(findChromium() !== null)("draws a figure with few colours, and its line among them", async () => {
    const png = await figurePicture(figure);
    const { data, info } = await sharp(png!).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect(info.width).toBe(1200); // 800 wide at one and a half pixels
    const colours = new Map<string, number>();
    for (let i = 0; i < data.length; i += 3) {
      const colour = data.subarray(i, i + 3).toString("hex");
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
    expect(colours.size).toBeLessThanOrEqual(256);
    const drawn = (figure.data[0]!["line"] as { color: string }).color.slice(1).toLowerCase();
    const [r, g, b] = [0, 2, 4].map((at) => Number.parseInt(drawn.slice(at, at + 2), 16)) as [
      number,
      number,
      number,
    ];
    const near = [...colours.keys()].some((hex) => {
      const [x, y, z] = Buffer.from(hex, "hex");
      return Math.hypot(x! - r, y! - g, z! - b) < 12; // the palette rounds
    });
    expect(near).toBe(true);
    expect(png!.length).toBeLessThan(60_000);
  });

  it("draws nothing where figures shall be live only", async () => {
    vi.stubEnv("QDRL_FIGURES", "live");
    expect(await figurePicture(figure)).toBeNull();
  });
});
