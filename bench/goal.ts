import { median } from "./measure.js";

/** One row of the table of goals. */
export interface Goal {
  what: string;
  /** least ratio, or most seconds where `unit` is "s" */
  goal: number;
  unit: "×" | "s";
  figure: number;
  /** what was measured on both sides, for people */
  detail: string;
}

/** Prints a figure as a line for people and one that goals.ts collects. */
export function report(goal: Goal): void {
  const { what, figure, unit, detail } = goal;
  const met = unit === "s" ? figure <= goal.goal : figure >= goal.goal;
  const bound = unit === "s" ? "≤" : "≥";
  console.log(
    `${what}: ${figure.toFixed(2)} ${unit} (goal ${bound} ${goal.goal} ${unit}: ${met ? "met" : "missed"}); ${detail}`,
  );
  console.log(`GOAL ${JSON.stringify(goal)}`);
}

/** Rounds of two sides that alternate, and the median of their ratios, theirs / ours: how much faster ours is. */
export class Alternation {
  readonly ours: number[] = [];
  readonly theirs: number[] = [];

  add(ours: number, theirs: number): void {
    this.ours.push(ours);
    this.theirs.push(theirs);
  }

  get ratio(): number {
    return median(this.ours.map((value, i) => this.theirs[i]! / value));
  }

  /** Median of ours. */
  get middle(): number {
    return median(this.ours);
  }

  /** "12.3 (11.9–13.0) against 15.0 (14.8–16.1) ms" */
  detail(unit: string, scale = 1): string {
    const show = (values: readonly number[]) => {
      const of = (value: number) => (value * scale).toPrecision(3);
      return `${of(median(values))} (${of(Math.min(...values))}–${of(Math.max(...values))})`;
    };
    return `${show(this.ours)} against ${show(this.theirs)} ${unit}`;
  }
}

/** CPU seconds of this process, all threads, since `from`. */
export function cpuSeconds(from?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}
