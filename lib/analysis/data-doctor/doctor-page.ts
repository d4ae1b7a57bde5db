import { htmlPage } from "../../reporting/html-page.js";
import type { Block } from "../../reporting/page-blocks.js";
import { plainTable } from "../../reporting/table.js";
import { detailTable, findingsTable, measuredText, percent } from "./doctor-table.js";
import { dataExaminations } from "./examinations.js";
import type { DataReport } from "./examine-data.js";
import { type DataFinding, shareOf } from "./finding.js";

/** The report as one HTML file. */
export function doctorPage(report: DataReport): string {
  const { findings, name, kind, counts } = report;
  const wrong = findings.filter(({ outcome }) => outcome === "wrong");
  const look = findings.filter(({ outcome }) => outcome === "look");
  const number = (value: number) => value.toLocaleString("en");
  const named = (list: readonly DataFinding[]) => [...new Set(list.map(({ check }) => check))].join(", ");
  return htmlPage({
    title: `Data doctor: ${name}`,
    eyebrow: "qdrl data doctor",
    question: "What is wrong with the pairs, what does it cost, and what mends it?",
    answer: [
      wrong.length === 0
        ? "Nothing is plainly wrong."
        : `${wrong.length} ${wrong.length === 1 ? "finding is" : "findings are"} plainly wrong: ${named(wrong)}.`,
      ...(look.length === 0 ? [] : [`Worth a look: ${named(look)}.`]),
    ],
    facts: [
      { label: "training rows", value: number(counts.trainingRows) },
      {
        label: "held-out rows",
        value: number(counts.heldOutRows),
        about: counts.parts.slice(0, -1).join(", "),
      },
      { label: "different queries", value: number(counts.queries) },
      { label: "documents", value: number(counts.documents), about: kind },
    ],
    sections: [
      { title: "Findings", blocks: [{ kind: "table", table: findingsTable(report) }] },
      ...dataExaminations.flatMap((examination) => {
        const own = findings.filter(({ check }) => check === examination.name);
        if (own.length === 0) return [];
        return [
          {
            title: examination.name,
            intro: `Looks for ${examination.about}.`,
            blocks: own.flatMap(findingBlocks),
          },
        ];
      }),
      ...(report.queue.length === 0 ? [] : [queueSection(report)]),
    ],
    sources: [],
  });
}

function findingBlocks(finding: DataFinding): Block[] {
  const { what, count, of, unit, examples, cost, measured, mend } = finding;
  const detail = detailTable(finding);
  const blocks: Block[] = [
    { kind: "heading", text: what },
    {
      kind: "text",
      text: `${count.toLocaleString("en")} of ${of.toLocaleString("en")} ${unit} (${percent(shareOf(finding))}).${cost === null ? "" : ` What it costs: ${cost}.`}${measured === undefined ? "" : ` Measured: ${measuredText(measured)}.`}`,
    },
  ];
  if (detail !== null) blocks.push({ kind: "table", table: detail });
  if (examples.length > 0)
    blocks.push({
      kind: "details",
      summary: "Examples",
      blocks: [{ kind: "code", text: examples.join("\n") }],
    });
  if (mend !== null) {
    blocks.push({ kind: "text", text: `What mends it: ${mend.says}.` });
    const code = [mend.command, mend.configuration].filter((line) => line !== undefined);
    if (code.length > 0) blocks.push({ kind: "code", text: code.join("\n") });
  }
  return blocks;
}

/** Suspects shown on the page; the file holds all. */
const SHOWN = 100;

function queueSection({ queue }: DataReport) {
  const reasons = [...new Set(queue.map(({ reason }) => reason))];
  return {
    title: "To be judged",
    intro:
      "Labels that the rest of the data speaks against, the worst first. --queue FILE writes them for qdrl judge.",
    blocks: reasons.flatMap((reason): Block[] => {
      const own = queue.filter((pair) => pair.reason === reason);
      const rows = own
        .slice(0, SHOWN)
        .map(({ score, query, text, document }) => [
          score,
          query,
          text === "" ? document : text.slice(0, 120),
        ]);
      return [
        { kind: "heading", text: `${reason}: ${own.length.toLocaleString("en")}` },
        { kind: "table", table: plainTable(["score", "query", "document"], rows) },
      ];
    }),
  };
}
