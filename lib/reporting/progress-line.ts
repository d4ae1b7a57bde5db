import type { Progress } from "../engine/progress.js";
import { displayWidth } from "./display-width.js";
import { humanCount, humanTime } from "./human-numbers.js";

/** Seconds below which a rate says more about the clock than about the work. */
const SHORTEST_TIMED = 0.5;
const WIDEST_BAR = 24;
const NARROWEST_BAR = 6;

/** What is known of a task under way or finished, most important first: share, time left or taken, note, rate. */
function progressParts({ done, total, note, unit }: Progress, seconds: number) {
  const share = `${Math.floor((100 * done) / Math.max(1, total))} %`;
  const rate = seconds >= SHORTEST_TIMED ? done / seconds : 0;
  const ended = done >= total;
  const time = ended ? humanTime(seconds) : rate > 0 ? `${humanTime((total - done) / rate)} left` : "";
  return { share, time, note: note ?? "", rate: rate > 0 ? `${humanCount(rate)} ${unit}/s` : "" };
}

/** Progress as a line without a bar. */
export function progressLine(progress: Progress, seconds: number): string {
  const { share, time, note, rate } = progressParts(progress, seconds);
  const counted = `${share} of ${progress.total.toLocaleString("en")} ${progress.unit}`;
  return `${progress.task}: ${[counted, rate, time, note].filter((part) => part !== "").join(", ")}`;
}

/**
 * Progress as a line with a bar that fits into `width` columns: the bar gives way first, then the count, then the rate;
 * share, time and note stay.
 */
export function barLine(progress: Progress, seconds: number, width: number): string {
  const { share, time, note, rate } = progressParts(progress, seconds);
  const count = `${progress.done.toLocaleString("en")}/${progress.total.toLocaleString("en")}`;
  const join = (...parts: string[]) => parts.filter((part) => part !== "").join(" · ");
  const wide = [
    join(share, `${count} ${progress.unit}`, rate, time, note),
    join(share, count, rate, time, note),
    join(share, rate, time, note),
    join(share, time, note),
  ];
  const head = `  ${progress.task} `;
  const room = width - 1 - displayWidth(head); // a full last column would wrap on some terminals
  const tail = wide.find((text) => displayWidth(text) + NARROWEST_BAR + 3 <= room);
  if (tail === undefined) return cutToWidth(head + wide.at(-1)!, width - 1);
  const size = Math.min(WIDEST_BAR, room - displayWidth(tail) - 3);
  const filled = Math.round((size * Math.min(progress.done, progress.total)) / Math.max(1, progress.total));
  return `${head}[${"█".repeat(filled)}${"░".repeat(size - filled)}] ${tail}`;
}

/** The longest beginning that fits, with an ellipsis if something is left out. */
function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
