import type { Kernels } from "../engine/kernels/kernels.js";
import type { WasmMemory } from "../engine/kernels/web-assembly.js";
import type { AdamDrift } from "../engine/tables/adam-drift.js";
import { BatchRows } from "./batch-rows.js";
import type { FusedLayout, WorkLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";
import { LossPart } from "./loss-part.js";
import { driftOf, ruleFactors } from "./rule-factors.js";
import { TablePart } from "./table-part.js";
import { TowerPart } from "./tower-part.js";
import { WordPart } from "./word-part.js";

const sides = [0, 1] as const;

/** Where a step's time goes: rows fetched and brought up to date, products and losses, updates, and waiting for threads. */
export type StepPhase = "gather" | "dense" | "update" | "wait";

/**
 * One training step over a shared memory, as one of `threads` threads. Work is divided by rows of the batch, by rows
 * of weight matrices and by table rows, never by terms of a sum, so every number is computed by one thread in an
 * order that does not depend on how many there are.
 */
export class FusedStep {
  /** milliseconds by phase since the start */
  readonly spentMs: Record<StepPhase, number> = { gather: 0, dense: 0, update: 0, wait: 0 };
  /** table rows and state moved since the start, by this thread */
  bytesTouched = 0;
  private readonly work: WorkLayout;
  private readonly drift: AdamDrift | null;
  private readonly rows: BatchRows;
  private readonly words: WordPart | null;
  private readonly tables: TablePart;
  private readonly towers: TowerPart;
  private readonly loss: LossPart;
  private lapBegan = 0;
  private phase: StepPhase = "gather";

  constructor(
    private readonly plan: FusedPlan,
    layout: FusedLayout,
    private readonly kernels: Kernels,
    memory: WasmMemory,
    thread: number,
    private readonly threads: number,
    private readonly spins: number,
  ) {
    const { work } = layout;
    this.work = work;
    this.drift = driftOf(plan.optimizer);
    this.drift?.reset(0);
    const [ints, floats] = [new Int32Array(memory.buffer), new Float32Array(memory.buffer)];
    this.rows = new BatchRows(plan, thread, threads);
    this.words = work.words && new WordPart(plan, layout, work, work.words, kernels, ints, this.rows);
    const { drift, rows, words } = this;
    this.tables = new TablePart(
      plan,
      layout,
      work,
      kernels,
      drift,
      ints,
      floats,
      rows,
      words,
      thread,
      threads,
    );
    this.towers = new TowerPart(plan, layout, work, kernels, rows, words, thread);
    this.loss = new LossPart(plan, work, kernels, ints, floats, rows, thread);
  }

  /**
   * Update number `step` on the batch in memory. All threads call it alike and return together.
   *
   * @param parts 1, or 3 where the queries come trained, misspelled and clean
   * @returns the batch's loss before the update; if it is not finite nothing has been updated
   */
  run(size: number, parts: number, step: number, learningRate: number): number {
    const { rows, words, tables, towers } = this;
    this.lapBegan = performance.now();
    this.phase = "gather";
    rows.begin(size, parts);
    tables.group();
    if (this.drift) {
      tables.catchUpGrouped(step - 1);
      this.meet();
    }
    this.enter("gather");
    if (words) {
      words.sum();
      this.meet();
      this.enter("gather");
    }
    for (const side of sides) towers.pool(side);
    this.enter("dense");
    for (const side of sides) towers.forward(side);
    this.meet();
    this.enter("dense");
    this.loss.queryRows();
    this.meet();
    this.enter("dense");
    const loss = this.loss.total();
    if (!Number.isFinite(loss)) {
      this.meet();
      return loss;
    }
    this.loss.documentRows();
    for (const side of sides) towers.backward(side);
    this.meet();
    const rule = ruleFactors(this.plan.optimizer, step, learningRate);
    this.enter("dense");
    towers.update(rule);
    this.enter("update");
    if (words) {
      words.backward();
      this.meet();
      this.enter("update");
    }
    tables.update(step, rule);
    this.bytesTouched += tables.bytesTouched();
    this.drift?.record(step, learningRate);
    this.meet();
    this.enter("gather");
    return loss;
  }

  /** Mean divergence of misspelled from clean queries in the last batch, nats. */
  divergence(): number {
    return this.loss.divergence();
  }

  /** Mean contrastive alignment of misspelled queries in the last batch, nats. */
  alignment(): number {
    return this.loss.alignment();
  }

  /** Embeds the rows of one side without an update, into that side's last activations. All threads call it alike. */
  encode(side: 0 | 1, size: number): void {
    this.rows.begin(size, 1);
    if (this.words) {
      this.words.sum();
      this.meet();
    }
    this.towers.pool(side);
    this.towers.layers(side);
    this.meet();
  }

  /** Address of the embeddings of one side after {@link encode}. */
  embeddings(side: 0 | 1): number {
    return this.towers.embeddings(side);
  }

  /** Brings all rows to `step`; for one thread while the others wait. */
  synchronise(step: number): void {
    if (this.drift) this.tables.synchronise(step);
  }

  /** Forgets skipped steps: all rows are current through `step`. All threads call it alike. */
  reset(step: number): void {
    this.drift?.reset(step);
    this.meet();
  }

  private enter(phase: StepPhase): void {
    const now = performance.now();
    this.spentMs[this.phase] += now - this.lapBegan;
    this.lapBegan = now;
    this.phase = phase;
  }

  private meet(): void {
    if (this.threads === 1) return;
    this.enter("wait");
    this.kernels.barrier(this.work.control, this.threads, this.spins);
  }
}
