import { baseLayout, type Figure, plotlyText, seriesColor, seriesSymbol } from "./theme.js";

export interface MapPoint {
  x: number;
  y: number;
  kind: "document" | "query";
  /** Colour group; queries of a category share its documents' colour. */
  category: string;
  /** First line of the hover text. */
  label: string;
  /** More hover text. */
  detail?: string;
}

/**
 * Documents and queries in the plane (an embedding's projection): a colour and a shape for each category, documents filled,
 * queries open. Clicking a legend entry hides a category, double-clicking shows it alone; queries have
 * an entry of their own. 64 categories are told apart. Axes have no unit
 * and are not shown. Over 5,000 points are drawn by WebGL.
 */
export function map(points: readonly MapPoint[]): Figure {
  const categories = [...new Set(points.map((point) => point.category))];
  const type = points.length > 5000 ? "scattergl" : "scatter";
  const documents = categories.flatMap((category, index) => {
    const members = points.filter((point) => point.category === category && point.kind === "document");
    if (members.length === 0) return [];
    const marker = {
      size: 7,
      opacity: 0.75,
      color: seriesColor(index),
      symbol: seriesSymbol(index),
    };
    return [{ ...trace(type, category, members), marker }];
  });
  const queries = points.filter((point) => point.kind === "query");
  const queryMarker = {
    size: 9,
    symbol: queries.map((point) => `${seriesSymbol(categories.indexOf(point.category))}-open`),
    color: queries.map((point) => seriesColor(categories.indexOf(point.category))),
    line: { width: 1.6 },
  };
  const data =
    queries.length === 0
      ? documents
      : [...documents, { ...trace(type, "queries", queries), marker: queryMarker }];
  const hidden = { visible: false, showgrid: false, zeroline: false };
  const axes = { xaxis: hidden, yaxis: { ...hidden, scaleanchor: "x" } };
  const legend = {
    orientation: "h",
    x: 0,
    y: -0.02,
    yanchor: "top",
    itemsizing: "constant",
    font: { size: 12 },
  };
  return {
    data,
    layout: baseLayout({ ...axes, legend, height: 640, hovermode: "closest", dragmode: "pan" }),
  };
}

function trace(type: string, name: string, points: readonly MapPoint[]): Record<string, unknown> {
  return {
    type,
    mode: "markers",
    name: plotlyText(name),
    x: points.map((point) => round(point.x)),
    y: points.map((point) => round(point.y)),
    text: points.map((point) =>
      [`<b>${plotlyText(point.label)}</b>`, ...(point.detail ? [plotlyText(point.detail)] : [])].join("<br>"),
    ),
    hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
  };
}

/** Three decimals are below a pixel and halve the page's size. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
