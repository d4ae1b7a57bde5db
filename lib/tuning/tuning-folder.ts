import fs from "node:fs";
import path from "node:path";
import { readSealedJson, writeSealedJson } from "../files/sealed-text.js";
import { UserError } from "../files/user-error.js";
import type { Job, JobResult } from "./halving.js";

/** A call of `tune`, and where in the sequence it stopped. */
export interface TuneCall {
  /** as asked for */
  minutes: number | null;
  trials: number | null;
  /** jobs of the sequence that were done at its end */
  jobsDone: number;
  /** trials begun, the first being the configuration as given */
  trialsBegun: number;
  /** the job that was under way, or waited first; null where the sequence was at its end */
  stoppedBefore: Job | null;
}

/** A look at the test queries. */
export interface Look {
  trial: number;
  epochs: number;
  seeds: readonly number[];
  sets: readonly string[];
}

/** Seconds and sizes that were measured once, so that estimates are the same ever after. */
export interface MachineFigure {
  cpu: string;
  /** trial 0: embedding one query, and searching with it */
  encodeMs: number;
  encodeFloats: number;
  scanMs: number;
  scanFloats: number;
  /** documents searched */
  documents: number;
  /** validation queries, of which ids are counted */
  queries: string[];
}

/** What a tuning keeps beside its runs: `<output_dir>/<task_id>/tuning/`. Results hold no clock, so equal tunings write equal bytes. */
export class TuningFolder {
  constructor(
    readonly dir: string,
    identity: object,
  ) {
    const file = path.join(dir, "tuning.json");
    const text = JSON.stringify(identity);
    if (fs.existsSync(file)) {
      const { checksum: _, ...stored } = readSealedJson<Record<string, unknown>>(file);
      if (JSON.stringify(stored) !== text) throw new UserError(differs(file, stored, JSON.parse(text)));
    } else writeSealedJson(file, identity);
  }

  result({ trial, epochs }: Job): JobResult | undefined {
    const file = this.jobFile({ trial, epochs });
    return fs.existsSync(file) ? readSealedJson<JobResult>(file) : undefined;
  }

  writeResult(result: JobResult): void {
    writeSealedJson(this.jobFile(result), result);
  }

  machine(): MachineFigure | null {
    const file = path.join(this.dir, "machine.json");
    return fs.existsSync(file) ? readSealedJson<MachineFigure>(file) : null;
  }

  writeMachine(figure: MachineFigure): void {
    writeSealedJson(path.join(this.dir, "machine.json"), figure);
  }

  calls(): TuneCall[] {
    return this.list<TuneCall>("calls.json");
  }

  writeCall(call: TuneCall): void {
    this.append("calls.json", call);
  }

  looks(): Look[] {
    return this.list<Look>("looks.json");
  }

  /** Before anything is measured on test queries, so that no look is forgotten. */
  writeLook(look: Look): void {
    this.append("looks.json", look);
  }

  private jobFile({ trial, epochs }: Job): string {
    return path.join(this.dir, `trial-${String(trial).padStart(4, "0")}-epochs-${epochs}.json`);
  }

  private list<T>(name: string): T[] {
    const file = path.join(this.dir, name);
    return fs.existsSync(file) ? readSealedJson<{ entries: T[] }>(file).entries : [];
  }

  private append(name: string, entry: object): void {
    writeSealedJson(path.join(this.dir, name), { entries: [...this.list<object>(name), entry] });
  }
}

function differs(file: string, stored: Record<string, unknown>, asked: Record<string, unknown>): string {
  const key = Object.keys({ ...stored, ...asked }).find(
    (name) => JSON.stringify(stored[name]) !== JSON.stringify(asked[name]),
  );
  return `${file}: a tuning goes on only as it was begun, got another ${key}; give it another --name, or remove its folder`;
}
