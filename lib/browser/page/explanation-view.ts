import { type Explanation, explanationNotes } from "../../retrieval/explaining/explanation.js";
import { element, signed, tint } from "./dom-elements.js";

const MOST_COLUMNS = 14;

/** Why a document has its score: words and their pieces, words against words, and the sum. */
export function explanationView(explanation: Explanation): HTMLElement {
  const { words, tokens, score, method, grid } = explanation;
  const box = element("div", { class: "live-why" });
  const largestToken = largestOf(tokens.map(({ share }) => share));
  const largestWord = largestOf(words.map(({ share }) => share));
  const list = element("ul", { class: "live-words" });
  words.forEach((word, place) => {
    const pieces = tokens.filter((token) => token.word === place);
    const alone = pieces.length === 1 && pieces[0]!.text === word.text;
    list.append(
      element(
        "li",
        {},
        element(
          "span",
          { class: "live-word", style: tint(word.share, largestWord) },
          element("b", {}, word.text),
          element("span", { class: "live-share" }, signed(word.share)),
        ),
        alone || pieces.length === 0
          ? null
          : element(
              "span",
              { class: "live-pieces" },
              ...pieces.map(({ text, kind, share }) =>
                element(
                  "span",
                  { class: `live-piece ${kind}`, style: tint(share, largestToken), title: signed(share) },
                  text.replaceAll(" ", "␣"),
                ),
              ),
            ),
        word.without === null || method === "lexical"
          ? null
          : element(
              "span",
              { class: "live-without" },
              `without it ${word.without.toFixed(3).replace("-", "−")}`,
            ),
      ),
    );
  });
  const bias = tokens.find(({ kind }) => kind === "bias");
  if (bias)
    list.append(
      element(
        "li",
        {},
        element(
          "span",
          { class: "live-word", style: tint(bias.share, largestWord) },
          element("i", {}, "biases"),
          element("span", { class: "live-share" }, signed(bias.share)),
        ),
      ),
    );
  box.append(list);
  if (grid && grid.columns.length > 1 && grid.columns.length <= MOST_COLUMNS) box.append(gridTable(grid));
  const sum = tokens.reduce((all, { share }) => all + share, 0);
  const total =
    method === "occlusion"
      ? `Score ${score.toFixed(4)}.`
      : `Sum ${sum.toFixed(6)}, score ${score.toFixed(6)}.`;
  box.append(element("p", { class: "live-note" }, `${total} ${explanationNotes[method]}`));
  return box;
}

function gridTable({ columns, rows, values }: NonNullable<Explanation["grid"]>): HTMLElement {
  const largest = largestOf(values.flat());
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "query ↓ document →"),
    ...columns.map((column) => element("th", { scope: "col" }, column)),
    element("th", { scope: "col" }, "sum"),
  );
  const body = rows.map((row, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, row),
      ...values[i]!.map((value) => element("td", { style: tint(value, largest) }, signed(value))),
      element("td", { class: "live-sum" }, signed(values[i]!.reduce((all, value) => all + value, 0))),
    ),
  );
  return element(
    "div",
    { class: "live-scroll", tabindex: "0", role: "region", "aria-label": "Shares by word" },
    element("table", { class: "live-grid" }, element("thead", {}, head), element("tbody", {}, ...body)),
  );
}

function largestOf(values: readonly number[]): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
}

/** What each word brings to two documents, side by side: why one is above the other. */
export function comparisonTable(
  wanted: { name: string; explanation: Explanation },
  above: { name: string; explanation: Explanation },
): HTMLElement {
  const rows = (explanation: Explanation) => {
    const bias = explanation.tokens.find(({ kind }) => kind === "bias");
    return [
      ...explanation.words.map(({ text, share }) => ({ text, share })),
      ...(bias ? [{ text: "biases", share: bias.share }] : []),
    ];
  };
  const [mine, theirs] = [rows(wanted.explanation), rows(above.explanation)];
  const gaps = mine.map(({ share }, i) => share - (theirs[i]?.share ?? 0));
  const largest = largestOf(gaps);
  return element(
    "div",
    { class: "live-scroll", tabindex: "0", role: "region", "aria-label": "Shares of both documents" },
    element(
      "table",
      { class: "live-grid" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ...["word", wanted.name, above.name, "difference"].map((text) =>
            element("th", { scope: "col" }, text),
          ),
        ),
      ),
      element(
        "tbody",
        {},
        ...mine.map(({ text, share }, i) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, text),
            element("td", {}, signed(share)),
            element("td", {}, signed(theirs[i]?.share ?? 0)),
            element("td", { style: tint(gaps[i]!, largest) }, signed(gaps[i]!)),
          ),
        ),
      ),
    ),
  );
}
