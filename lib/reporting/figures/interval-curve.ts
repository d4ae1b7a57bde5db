import { UserError } from "../../files/user-error.js";
import {
  axisTitle,
  baseLayout,
  type Figure,
  plotlyText,
  seriesColor,
  seriesDash,
  seriesSymbol,
  withOpacity,
} from "./theme.js";

export interface CurveSeries {
  name: string;
  /** Without an interval where none is known, such as in a published table. */
  points: readonly { x: number; mean: number; low?: number; high?: number }[];
}

/**
 * A measure against a parameter, one line per series with its interval as a band. Points are drawn in ascending order;
 * ticks stand where points are, or where asked for.
 *
 * @throws RangeError if a value is not finite or lies outside its interval
 */
export function intervalCurve(
  series: readonly CurveSeries[],
  options: {
    xTitle: string;
    yTitle: string;
    logarithmic?: boolean;
    ticks?: readonly number[];
    /** what a tick says; default: its number */
    tickText?: (x: number) => string;
  },
): Figure {
  const data = series.flatMap((line, index) => {
    const points = [...line.points].sort((a, b) => a.x - b.x);
    for (const { x, mean, low = mean, high = mean } of points)
      if (!(low <= mean && mean <= high))
        throw new UserError(
          `intervalCurve: "${line.name}" at ${x} must have low ≤ mean ≤ high, got ${low}, ${mean}, ${high}`,
        );
    const name = plotlyText(line.name);
    const color = seriesColor(index);
    const x = points.map((point) => point.x);
    const upper = points.map((point) => point.high ?? point.mean);
    const lower = points.map((point) => point.low ?? point.mean);
    const isKnown = points.some((point) => point.low !== undefined);
    const band = {
      type: "scatter",
      mode: "lines",
      x: [...x, ...[...x].reverse()],
      y: [...upper, ...[...lower].reverse()],
      fill: "toself",
      fillcolor: withOpacity(color, 0.16),
      line: { width: 0 },
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: name,
    };
    const interval = isKnown ? " [%{customdata[0]:.3f}, %{customdata[1]:.3f}]" : "";
    const curve = {
      type: "scatter",
      mode: "lines+markers",
      name,
      legendgroup: name,
      x,
      y: points.map((point) => point.mean),
      customdata: points.map((_, i) => [lower[i], upper[i]]),
      line: { color, width: 2.5, dash: seriesDash(index) },
      marker: { size: 9, color, symbol: seriesSymbol(index) },
      hovertemplate: `%{y:.3f}${interval}<extra>%{fullData.name}</extra>`,
    };
    return isKnown ? [band, curve] : [curve];
  });
  const places = series.flatMap((line) => line.points.map((point) => point.x));
  const ticks = [...(options.ticks ?? new Set(places))].sort((a, b) => a - b);
  const scale = options.logarithmic ? { type: "log" } : {};
  const xaxis = {
    ...axisTitle(options.xTitle),
    ...scale,
    tickvals: ticks,
    ticktext: ticks.map(options.tickText ?? String),
  };
  const yaxis = { ...axisTitle(options.yTitle), rangemode: "tozero" };
  return { data, layout: baseLayout({ xaxis, yaxis, hovermode: "x unified" }) };
}
