import {
  axisTitle,
  baseLayout,
  DASHES,
  type Figure,
  plotlyText,
  SYMBOLS,
  seriesColor,
  withOpacity,
} from "./theme.js";

export interface TypoSeries {
  name: string;
  points: readonly { typo: number; mean: number; low: number; high: number }[];
}

/**
 * A measure against the probability that a word of the query is misspelled, one line per system with its interval as a
 * band. Points are drawn in ascending order of probability.
 *
 * @param metric  the measure's name, for the axis
 * @throws RangeError if a value is not finite or lies outside its interval
 */
export function recallVsTypo(series: readonly TypoSeries[], metric: string): Figure {
  const data = series.flatMap((line, index) => {
    const points = [...line.points].sort((a, b) => a.typo - b.typo);
    for (const { typo, mean, low, high } of points)
      if (!(low <= mean && mean <= high))
        throw new RangeError(
          `recallVsTypo: "${line.name}" at ${typo} must have low ≤ mean ≤ high, got ${low}, ${mean}, ${high}`,
        );
    const color = seriesColor(index);
    const x = points.map((point) => point.typo);
    const band = {
      type: "scatter",
      mode: "lines",
      x: [...x, ...[...x].reverse()],
      y: [...points.map((point) => point.high), ...[...points].reverse().map((point) => point.low)],
      fill: "toself",
      fillcolor: withOpacity(color, 0.16),
      line: { width: 0 },
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: line.name,
    };
    const curve = {
      type: "scatter",
      mode: "lines+markers",
      name: plotlyText(line.name),
      legendgroup: line.name,
      x,
      y: points.map((point) => point.mean),
      customdata: points.map((point) => [point.low, point.high]),
      line: { color, width: 2.5, dash: DASHES[index % DASHES.length] },
      marker: { size: 9, color, symbol: SYMBOLS[index % SYMBOLS.length] },
      hovertemplate: "%{y:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<extra>%{fullData.name}</extra>",
    };
    return [band, curve];
  });
  const ticks = [...new Set(series.flatMap((line) => line.points.map((point) => point.typo)))].sort(
    (a, b) => a - b,
  );
  const xaxis = { ...axisTitle("probability of a typo per word"), tickvals: ticks };
  const yaxis = { ...axisTitle(metric), rangemode: "tozero" };
  return { data, layout: baseLayout({ xaxis, yaxis, hovermode: "x unified" }) };
}
