import { UserError } from "../../files/user-error.js";
import { axisTitle, baseLayout, type Figure, plotlyText, seriesColor, seriesSymbol } from "./theme.js";

export interface LossSeries {
  name: string;
  points: readonly { step: number; value: number }[];
  /** Validation losses are drawn with markers and a dashed line in the colour of the series named here. */
  validationOf?: string;
}

/** A long line has marks here and there. */
const MOST_MARKERS = 14;

/**
 * Loss against training steps, one line per run; validation losses dashed, in their run's colour.
 *
 * @param options.systems  names in the order of the page's other figures, so that each keeps its colour there; series of
 *   other names come after them
 * @throws RangeError if a value is not finite or a validation series names no other series
 */
export function lossCurve(
  series: readonly LossSeries[],
  options: { xTitle?: string; yTitle?: string; logarithmic?: boolean; systems?: readonly string[] } = {},
): Figure {
  const { xTitle = "training step", yTitle = "loss (nats)", logarithmic = false, systems = [] } = options;
  const training = series.filter((line) => line.validationOf === undefined).map((line) => line.name);
  const order = [...systems, ...training.filter((name) => !systems.includes(name))];
  const data = series.map((line) => {
    const bad = line.points.find((point) => !Number.isFinite(point.value) || !Number.isFinite(point.step));
    if (bad !== undefined)
      throw new UserError(
        `lossCurve: values of "${line.name}" must be finite, got ${bad.value} at step ${bad.step}`,
      );
    const owner = line.validationOf ?? line.name;
    const index = order.indexOf(owner);
    if (!training.includes(owner))
      throw new UserError(
        `lossCurve: validationOf must be one of ${training.join(", ")}, got "${line.validationOf}"`,
      );
    const isValidation = line.validationOf !== undefined;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: plotlyText(line.name),
      x: line.points.map((point) => point.step),
      y: line.points.map((point) => point.value),
      line: { color: seriesColor(index), width: 2, dash: isValidation ? "dash" : "solid" },
      marker: {
        ...{ size: 7, color: seriesColor(index), maxdisplayed: MOST_MARKERS },
        symbol: `${seriesSymbol(index)}${isValidation ? "-open" : ""}`,
      },
      hovertemplate: "step %{x:,}<br>%{y:.4f}<extra>%{fullData.name}</extra>",
    };
  });
  const yaxis = { ...axisTitle(yTitle), ...(logarithmic ? { type: "log" } : { rangemode: "tozero" }) };
  return { data, layout: baseLayout({ xaxis: axisTitle(xTitle), yaxis, hovermode: "x unified" }) };
}
