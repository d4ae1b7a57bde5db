import { describe, expect, it } from "vitest";
import { pictureMap } from "../../lib/reporting/picture-map.js";

const point = (x: number, y: number, label = "a") => ({ x, y, picture: "data:image/png;base64,AA==", label });
const places = (svg: string) =>
  [...svg.matchAll(/<image x="(\d+)" y="(\d+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe("maps of pictures", () => {
  it("put pictures where their points are, up being up", () => {
    const { svg } = pictureMap([point(0, 0), point(1, 1), point(1, 0)], { columns: 11, cell: 10 });
    expect(places(svg)).toEqual([
      [0, 100],
      [100, 0],
      [100, 100],
    ]); // prettier-ignore
  });

  it("never cover one picture with another, and count those without a place", () => {
    const crowd = Array.from({ length: 30 }, () => point(0.5, 0.5));
    const { svg, leftOut } = pictureMap([point(0, 0), point(1, 1), ...crowd], {
      columns: 9,
      cell: 10,
      reach: 2,
    });
    const found = places(svg).map(String);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toHaveLength(2 + 25);
    expect(leftOut).toBe(5);
  });

  it("escape names, and draw a single point", () => {
    const { svg } = pictureMap([point(3, 3, '<b> & "c"')]);
    expect(svg).toContain("&lt;b&gt; &amp;");
  });
});
