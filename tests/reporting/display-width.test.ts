import { describe, expect, it } from "vitest";
import { displayWidth, padToWidth, stripColors } from "../../lib/reporting/display-width.js";

describe("displayWidth", () => {
  // columns as terminals with Unicode 15 draw them
  it.each([
    ["plain", 5],
    ["żółw", 4],
    ["e\u0301", 1],
    ["日本語", 6],
    ["한국", 4],
    ["😀", 2],
    ["👨‍👩‍👧", 2],
    ["🇵🇱", 2],
    ["❤️", 2],
    ["τ = 0.1", 7],
    ["▲ ▼ ≈ —", 7],
    ["", 0],
    ["\u200b", 0],
    ["\u001b[1mbold\u001b[0m", 4],
  ])("counts the columns of %j", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it("pads by columns, not by code units", () => {
    expect(padToWidth("日本", 6, "right")).toBe("  日本");
    expect(padToWidth("ab", 5, "center")).toBe(" ab  ");
    expect(padToWidth("longer", 3, "left")).toBe("longer");
  });

  it("strips colours only", () => {
    expect(stripColors("\u001b[2m[a]\u001b[0m")).toBe("[a]");
  });
});
