import type { JudgingLog } from "./judging-task.js";

/** The part of localStorage that is used. */
export interface PlainStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What was found in a store. */
export interface StoredLog {
  log: JudgingLog | null;
  /** What is wrong with it, for the judge to know; null: nothing. */
  problem: string | null;
}

/**
 * Keeps a judge's log in a browser so that a save that was cut off loses one answer at most: saves go to two places in turn,
 * each with its number and a checksum, and the last whole one counts.
 */
export class SessionStore {
  private saves = 0;

  constructor(
    private readonly store: PlainStore,
    private readonly task: string,
  ) {}

  private key(judge: string, place: number): string {
    return `qdrl judging ${this.task} ${judge} ${place}`;
  }

  /** The judge who was here last. */
  lastJudge(): string | null {
    return this.store.getItem(`qdrl judging ${this.task}`);
  }

  /** @throws what the store throws when it is full or forbidden */
  save(log: JudgingLog): void {
    this.saves++;
    this.store.setItem(`qdrl judging ${this.task}`, log.judge);
    this.store.setItem(this.key(log.judge, this.saves % 2), sealLog(log, this.saves));
  }

  load(judge: string): StoredLog {
    const texts = [0, 1].flatMap((place) => this.store.getItem(this.key(judge, place)) ?? []);
    const whole = texts.flatMap((text) => openSealed(text) ?? []).sort((a, b) => b.saves - a.saves);
    const [last] = whole;
    this.saves = last?.saves ?? 0;
    const broken = texts.length - whole.length;
    if (!last)
      return {
        log: null,
        problem: broken > 0 ? "What this browser had kept is damaged; it starts anew." : null,
      };
    const problem =
      broken > 0
        ? `The last save was cut off; it goes on from the one before, with ${last.log.answers.length} answers.`
        : null;
    return { log: last.log, problem };
  }
}

/** A log as text, with its number and a checksum. */
function sealLog(log: JudgingLog, saves: number): string {
  const text = JSON.stringify({ saves, log });
  return `${checksumOf(text)} ${text}`;
}

function openSealed(sealed: string): { saves: number; log: JudgingLog } | null {
  const text = sealed.slice(9);
  if (sealed.slice(0, 9) !== `${checksumOf(text)} `) return null;
  return JSON.parse(text);
}

/** FNV-1a over UTF-16 units, eight hexadecimal digits: finds what was cut off or changed by accident. */
export function checksumOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
