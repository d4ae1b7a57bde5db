import { columnDefinition } from "./column-definitions.js";
import { escapeHtml } from "./escape.js";
import { madeFromAttribute } from "./made-from.js";
import { sourceText } from "./number-source.js";
import type { Table, TableCell, TableColumn } from "./table.js";

/**
 * A table as HTML, styled by `browser/content.css`. Every text is escaped. Best values are bold, values tied with the
 * best carry †, significant differences ▲ or ▼ (never colour alone); intervals are also drawn as a dot with whiskers
 * on the column's common scale.
 */
export function tableHtml(table: Table): string {
  const title = table.title === undefined ? "" : `<figcaption>${escapeHtml(table.title)}</figcaption>`;
  // a table of facts has no headings: then no head at all
  const isNamed = table.columns.some((column) => column.label !== "");
  const head = isNamed ? `<thead><tr>${table.columns.map(headCell).join("")}</tr></thead>\n` : "";
  const body = table.rows.map((row) => {
    const cells = row.cells
      .map((cell, column) => bodyCell(cell, table.columns[column]!, column === 0))
      .join("");
    const id = row.id === undefined ? "" : ` id="${escapeHtml(row.id)}"`;
    return `<tr${id}${row.emphasis === "baseline" ? ' class="q-baseline"' : ""}>${cells}</tr>`;
  });
  const wide = table.rows.some((row) =>
    row.cells.some(({ strip, share }) => strip !== undefined || share !== undefined),
  )
    ? ' class="q-wide"'
    : "";
  const notes = (table.notes ?? []).map((note) => `<li>${escapeHtml(note)}</li>`).join("");
  return (
    `<figure class="q-table"${madeFromAttribute(table.madeFrom)}>${title}<div class="q-scroll" tabindex="0"><table${wide}>` +
    `${head}<tbody>${body.join("\n")}</tbody>${definitionsHtml(table)}</table></div>` +
    `${notes === "" ? "" : `<ul class="q-notes">${notes}</ul>`}</figure>`
  );
}

/** A sentence under every column that has one. */
function definitionsHtml({ columns }: Table): string {
  const sentences = columns.map(({ definition, label }) => definition ?? columnDefinition(label) ?? "");
  if (sentences.every((sentence) => sentence === "")) return "";
  const cells = sentences.map(
    (sentence, i) => `<td class="q-${columns[i]!.align ?? "left"}">${escapeHtml(sentence)}</td>`,
  );
  return `<tfoot class="q-definitions"><tr>${cells.join("")}</tr></tfoot>`;
}

function headCell(column: TableColumn): string {
  const detail =
    column.detail === undefined ? "" : `<span class="q-detail">${escapeHtml(column.detail)}</span>`;
  return `<th scope="col" class="q-${column.align ?? "left"}">${escapeHtml(column.label)}${detail}</th>`;
}

function bodyCell(cell: TableCell, column: TableColumn, isHead: boolean): string {
  const about = [cell.hint, cell.source && sourceText(cell.source)].filter((text) => text !== undefined);
  const hint =
    (about.length === 0 ? "" : ` title="${escapeHtml(about.join("\n"))}"`) +
    (cell.source === undefined ? "" : ` data-source="${escapeHtml(JSON.stringify(cell.source))}"`);
  let value = escapeHtml(cell.text);
  if (cell.bold) value = `<strong>${value}</strong>`;
  else if (cell.tiedWithBest) value += '<span class="q-tied">†</span>';
  if (cell.link !== undefined && isSafeLink(cell.link))
    value = `<a href="${escapeHtml(cell.link)}">${value}</a>`;
  const tone = cell.mark !== undefined && cell.delta === undefined ? ` q-${cell.mark}` : "";
  const parts = [`<span class="q-value${tone}">${value}</span>`];
  if (cell.detail !== undefined) parts.push(`<span class="q-detail">${escapeHtml(cell.detail)}</span>`);
  if (cell.links !== undefined) parts.push(linksHtml(cell.links));
  if (cell.strip !== undefined) parts.push(strip(cell.strip, cell.bold === true));
  if (cell.share !== undefined) parts.push(shareBar(cell.share));
  if (cell.delta !== undefined) parts.push(delta(cell.delta, cell.mark));
  const tag = isHead ? 'th scope="row"' : "td";
  return `<${tag} class="q-${column.align ?? "left"}"${hint}>${parts.join("")}</${isHead ? "th" : "td"}>`;
}

function delta(text: string, mark: TableCell["mark"]): string {
  const sign = mark === "better" ? "▲ " : mark === "worse" ? "▼ " : "";
  return `<span class="q-delta q-${mark ?? "same"}">${sign}${escapeHtml(text)}</span>`;
}

function strip({ low, at, high }: NonNullable<TableCell["strip"]>, strong: boolean): string {
  const percent = (value: number): string => `${(100 * Math.min(1, Math.max(0, value))).toFixed(1)}%`;
  return (
    `<span class="q-strip${strong ? " q-strong" : ""}" aria-hidden="true">` +
    `<i style="left:${percent(low)};width:${percent(high - low)}"></i><b style="left:${percent(at)}"></b></span>`
  );
}

function shareBar({ better, same, worse }: NonNullable<TableCell["share"]>): string {
  const part = (name: string, count: number): string =>
    count === 0 ? "" : `<i class="q-${name}-part" style="flex-grow:${count}"></i>`;
  return `<span class="q-share" aria-hidden="true">${part("better", better)}${part("same", same)}${part("worse", worse)}</span>`;
}

function linksHtml(links: NonNullable<TableCell["links"]>): string {
  const anchors = links.map(({ text, link }) =>
    isSafeLink(link) ? `<a href="${escapeHtml(link)}">${escapeHtml(text)}</a>` : escapeHtml(text),
  );
  return `<span class="q-detail">${anchors.join(" ")}</span>`;
}

/** Links may lead to files, pages and anchors, never run script. */
function isSafeLink(link: string): boolean {
  // browsers pass over blanks and control characters in a scheme: "java\tscript:" is one
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(link.replace(/[\p{Cc}\p{Cf}\p{Z}]/gu, ""))?.[1];
  return scheme === undefined || /^(https?|file|mailto)$/i.test(scheme);
}
