import { UserError } from "../../files/user-error.js";
import {
  axisTitle,
  baseLayout,
  type Figure,
  plotlyText,
  seriesColor,
  seriesDash,
  seriesSymbol,
} from "./theme.js";

/** An index at one setting. */
export interface IndexPoint {
  index: string;
  setting: string;
  recall: number;
  latencyMs: number;
  memoryBytes: number;
}

/**
 * Recall against latency (logarithmic), one line per index over its settings; the area of a mark says how much memory
 * the index holds.
 *
 * @throws RangeError if a latency is not above 0
 */
export function recallLatency(points: readonly IndexPoint[], k: number): Figure {
  const most = Math.max(...points.map((point) => point.memoryBytes));
  for (const { setting, latencyMs } of points)
    if (!(latencyMs > 0))
      throw new UserError(`recallLatency: latency must be > 0, got ${latencyMs} at ${setting}`);
  const data = [...new Set(points.map((point) => point.index))].map((name, index) => {
    const own = points.filter((point) => point.index === name).sort((a, b) => a.latencyMs - b.latencyMs);
    const color = seriesColor(index);
    return {
      type: "scatter",
      mode: own.length > 1 ? "lines+markers" : "markers",
      name: plotlyText(name),
      x: own.map((point) => point.latencyMs),
      y: own.map((point) => point.recall),
      customdata: own.map(({ setting, memoryBytes }) => [plotlyText(setting), memoryBytes / 1e6]),
      line: { color, width: 2, dash: seriesDash(index) },
      marker: {
        color,
        symbol: seriesSymbol(index),
        size: own.map(({ memoryBytes }) => 6 + 14 * Math.sqrt(memoryBytes / most)),
      },
      hovertemplate:
        "%{customdata[0]}: recall %{y:.4f}, %{x:.3f} ms, %{customdata[1]:.1f} MB<extra>%{fullData.name}</extra>",
    };
  });
  const xaxis = { ...axisTitle("milliseconds a query, alone, one thread"), type: "log" };
  const yaxis = { ...axisTitle(`recall@${k} of the exact nearest`) };
  return { data, layout: baseLayout({ xaxis, yaxis }) };
}
