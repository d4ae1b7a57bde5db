import { UserError } from "../../files/user-error.js";
import { axisTitle, baseLayout, type Figure, NEUTRAL, PALETTE, plotlyText } from "./theme.js";

/**
 * Per-query differences a − b of two systems as bars, from the greatest loss to the greatest win; a query's text shows on
 * hover. How far the bars reach to either side of zero says how often each system is ahead. Queries without a
 * difference take their room, so that shares can be read off the axis.
 *
 * @throws RangeError if a difference is not finite
 */
export function differences(
  queries: readonly { query: string; a: number; b: number }[],
  valueTitle: string,
): Figure {
  const sorted = queries.map(({ query, a, b }) => ({ query, difference: a - b }));
  const bad = sorted.find(({ difference }) => !Number.isFinite(difference));
  if (bad !== undefined)
    throw new UserError(`differences: "${bad.query}" must have a finite difference, got ${bad.difference}`);
  sorted.sort((x, y) => x.difference - y.difference);
  const rank = (index: number): number => (100 * (index + 0.5)) / sorted.length;
  const trace = (
    name: string,
    color: string,
    keep: (difference: number) => boolean,
  ): Record<string, unknown> => {
    const members = sorted.flatMap((query, index) =>
      keep(query.difference) ? [{ ...query, at: rank(index) }] : [],
    );
    return {
      type: "bar",
      name: `${name} (${members.length.toLocaleString("en-US")})`,
      x: members.map((query) => query.at),
      y: members.map((query) => query.difference),
      width: 100 / sorted.length,
      text: members.map((query) => plotlyText(query.query)),
      textposition: "none",
      marker: { color, line: { width: 0 } },
      hovertemplate: "%{text}<br>%{y:+.3f}<extra></extra>",
    };
  };
  const data = [
    trace("lost", PALETTE[1], (difference) => difference < 0),
    trace("tied", NEUTRAL, (difference) => difference === 0),
    trace("won", PALETTE[2], (difference) => difference > 0),
  ];
  const xaxis = { ...axisTitle("share of queries"), ticksuffix: " %", range: [0, 100] };
  const yaxis = { ...axisTitle(valueTitle), zeroline: true };
  return { data, layout: baseLayout({ xaxis, yaxis, bargap: 0, height: 340 }) };
}
