import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesAddress, pictureAddress } from "../../lib/reporting/pictures.js";
import { rankingsHtml } from "../../lib/reporting/rankings-html.js";

const picture = bytesAddress(
  new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"),
  "image/svg+xml",
);

describe("rankingsHtml", () => {
  const html = rankingsHtml([
    {
      query: 'dog & "face"',
      about: "unseen",
      lists: [
        {
          system: "BM25",
          documents: [
            { id: "1", name: "dog <b>", picture, relevant: true, score: 12.3456 },
            { id: "2", name: "cat", picture, relevant: false },
          ],
        },
        { system: "Tower", about: "Recall@10 0.5", documents: [] },
      ],
    },
  ]);

  it("stores a repeated picture once", () => {
    expect(html.split(picture)).toHaveLength(2);
    expect(html.match(/class="q-picture q-p-[0-9a-f]{16}"/g)).toHaveLength(2);
  });

  it("escapes names and queries, numbers ranks from 1, ticks what is relevant", () => {
    expect(html).toContain("<h3>dog &amp; &quot;face&quot;</h3>");
    expect(html).toContain('<li class="q-relevant" title="relevant"><span class="q-rank">1</span>');
    expect(html).toContain('dog &lt;b&gt;</span><span class="q-score">12.346</span>');
    expect(html).toMatch(/<li><span class="q-rank">2<\/span>.*cat<\/span><\/li>/);
  });

  it("shows the picture that is the query", () => {
    const shown = rankingsHtml([{ query: "", picture, lists: [] }]);
    expect(shown).toMatch(
      /<h3><span class="q-picture q-p-[0-9a-f]{16}" role="img" aria-label="query picture">/,
    );
    expect(shown.split(picture)).toHaveLength(2);
  });

  it("says so where nothing was found", () => {
    expect(html).toContain('<p class="q-empty">nothing found</p>');
  });

  it("refuses pictures that could break out of the style element or point outside", () => {
    for (const bad of ["https://example.org/x.png", 'data:image/png;base64,AAA");}</style>'])
      expect(() =>
        rankingsHtml([
          {
            query: "q",
            lists: [{ system: "s", documents: [{ id: "1", name: "n", picture: bad, relevant: false }] }],
          },
        ]),
      ).toThrow("rankingsHtml: picture must be a base64 data:image/ address");
  });
});

describe("pictureAddress", () => {
  it("reads a picture by its type", () => {
    const file = join(mkdtempSync(join(tmpdir(), "qdrl-picture-")), "dot.PNG");
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);
    writeFileSync(file, png);
    expect(pictureAddress(file)).toBe(`data:image/png;base64,${Buffer.from(png).toString("base64")}`);
  });
  it("refuses other files", () => {
    expect(() => pictureAddress("a/b.html")).toThrow("pictureAddress: file must end in .svg, .png, .jpg");
  });
});
