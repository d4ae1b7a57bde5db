import { UserError } from "../../files/user-error.js";
import {
  axisTitle,
  baseLayout,
  type Figure,
  NEUTRAL,
  plotlyText,
  seriesColor,
  seriesPattern,
} from "./theme.js";

export interface BarSeries {
  name: string;
  /** One value per label, null where not measured. */
  values: readonly ({ mean: number; low: number; high: number } | null)[];
}

/**
 * Grouped bars with interval whiskers: one group per label, one bar per series. Axis starts at zero, values are printed
 * at the bars' ends.
 *
 * @throws RangeError if a series has not one value per label or a value is not finite
 */
export function bars(
  labels: readonly string[],
  series: readonly BarSeries[],
  options: { valueTitle: string; horizontal?: boolean },
): Figure {
  const horizontal = options.horizontal ?? false;
  const data = series.map(({ name, values }, index) => {
    if (values.length !== labels.length)
      throw new UserError(
        `bars: "${name}" must have one value per label (${labels.length}), got ${values.length}`,
      );
    values.forEach((value, at) => {
      if (value !== null && ![value.mean, value.low, value.high].every(Number.isFinite))
        throw new UserError(
          `bars: "${name}" at ${labels[at]} must be finite, got ${JSON.stringify(Object.values(value).map(String))}`,
        );
    });
    const means = values.map((value) => value?.mean ?? null);
    const whiskers = {
      type: "data",
      symmetric: false,
      // no whisker where no interval is known, such as in a published table
      array: values.map((value) =>
        value === null || value.high === value.low ? null : value.high - value.mean,
      ),
      arrayminus: values.map((value) =>
        value === null || value.high === value.low ? null : value.mean - value.low,
      ),
      color: NEUTRAL,
      thickness: 1.5,
      width: 4,
    };
    const along = horizontal
      ? { x: means, y: labels.map(plotlyText), error_x: whiskers }
      : { x: labels.map(plotlyText), y: means, error_y: whiskers };
    return {
      type: "bar",
      orientation: horizontal ? "h" : "v",
      name: plotlyText(name),
      ...along,
      marker: { color: seriesColor(index), opacity: 0.9, pattern: seriesPattern(index) },
      customdata: values.map((value) => [value?.low ?? null, value?.high ?? null]),
      hovertemplate: `%{${horizontal ? "x" : "y"}:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<extra>%{fullData.name}</extra>`,
    };
  });
  const value = { ...axisTitle(options.valueTitle), rangemode: "tozero" };
  const label = { type: "category", ticks: "" };
  const axes = horizontal
    ? { xaxis: value, yaxis: { ...label, autorange: "reversed" } }
    : { xaxis: label, yaxis: value };
  const height = horizontal ? 120 + labels.length * (18 + 18 * series.length) : 400;
  return { data, layout: baseLayout({ ...axes, height, bargap: 0.25, showlegend: series.length > 1 }) };
}
