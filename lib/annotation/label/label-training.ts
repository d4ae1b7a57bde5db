import type { Encoder } from "../../encoders/encoder.js";
import { parametersOf } from "../../encoders/parameters.js";
import type { Random } from "../../engine/random/random.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import { Trainer } from "../../training/trainer.js";
import { trainedParameters } from "../../training/updates/trained-parameters.js";
import type { LabelFolder } from "./label-folder.js";
import type { LabelSettings } from "./label-settings.js";
import type { LabelStore } from "./label-store.js";
import { type LabelBatch, labelTask } from "./label-task.js";
import type { Rehearsal } from "./rehearsal.js";

/** Answers at least between two moments whose weights are kept. */
const KEEP_EVERY = 10;

/** Trains an encoder on answers, so that its weights are a function of the run, the settings and the answers alone. */
export class LabelTraining {
  readonly trainer: Trainer<LabelBatch>;
  private readonly start: { parameters: Record<string, StoredTensor>; random: number[] };
  /** Mean loss of the steps of the last answer, NaN before and where nothing could be compared. */
  lastLoss = Number.NaN;
  /** when weights were last kept */
  private kept = { answers: 0, at: -Infinity, tookMs: 0 };

  /** @throws UserError for an encoder of which nothing can be trained */
  constructor(
    encoder: Encoder,
    private readonly questions: LabelStore,
    private readonly documents: LabelStore,
    private readonly settings: LabelSettings,
    private readonly rehearsal: Rehearsal | null,
    private readonly random: Random,
  ) {
    const { weights, tables } = trainedParameters(encoder);
    if (Object.keys(weights).length + Object.keys(tables).length === 0)
      throw new UserError(
        `label: the encoder must have parameters that can be trained, got ${encoder.kind} with all of them frozen`,
      );
    const { loss, lossOptions, optimizer, learningRate } = settings;
    this.trainer = new Trainer(
      encoder,
      labelTask(
        { ...lossOptions, kind: loss },
        questions.reading.side,
        encoder.outputDim,
        random.fork("label loss"),
      ),
      createOptimizer({ kind: optimizer, learningRate }),
    );
    const copied = Object.entries(parametersOf(encoder)).map(
      ([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const,
    );
    this.start = { parameters: Object.fromEntries(copied), random: this.trainer.randomState() };
  }

  /**
   * Steps for the newest answers.
   *
   * @param answers  all of them, the newest last
   * @param count    how many of them are new
   * @param epochs   see the settings
   */
  learn(answers: readonly FitDocument[], count: number, epochs: number): void {
    const losses: number[] = [];
    const isLabelled = (at: number) => answers[at]!.matches!.length > 0;
    const all = Array.from(answers.keys()).filter(isLabelled);
    const fresh = all.filter((at) => at >= answers.length - count);
    const step = (rows: readonly number[], draw: Random) => {
      const labelled = this.batchOf(rows.map((at) => answers[at]!));
      const { rehearsal } = this;
      const loss = this.trainer.trainStep({
        ...labelled,
        ...(rehearsal && {
          rehearsed: rehearsal.draw(this.settings.rehearsal, draw),
          knows: (question: number, document: number) => rehearsal.knows(question, document),
        }),
      });
      if (loss !== null) losses.push(loss);
    };
    const { batchSize, train } = this.settings;
    const older = all.slice(0, all.length - fresh.length);
    for (let epoch = 0; epoch < epochs && fresh.length > 0; epoch++) {
      const draw = this.random.fork(`answer ${answers.length} epoch ${epoch}`);
      const order = draw.shuffle([...(train === "all" ? all : older)]);
      if (train === "all")
        for (let from = 0; from < order.length; from += batchSize)
          step(order.slice(from, from + batchSize), draw);
      else step([...fresh, ...order.slice(0, Math.max(0, batchSize - fresh.length))], draw);
    }
    // rows that wait for their optimiser are brought up to date, as keeping the weights would: the same bytes with or without
    for (const table of Object.values(this.trainer.encoder.tables)) table.keeper?.synchronise();
    this.lastLoss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    this.questions.outdate();
    this.documents.outdate();
  }

  /** The weights after these answers: the last that were kept among them, and training from there on. */
  replay(answers: readonly FitDocument[], folder: LabelFolder, tell?: (line: string) => void): void {
    let done = folder.restore(this.trainer as Trainer<never>, answers, tell);
    if (done === 0) {
      this.trainer.restore({ step: 0, parameters: this.start.parameters, optimizer: {} });
      this.trainer.setRandomState(this.start.random);
    }
    this.kept.answers = done;
    this.lastLoss = Number.NaN;
    this.questions.outdate();
    this.documents.outdate();
    while (done < answers.length) {
      const { of, epochs } = answeredWith(answers[done]!);
      done += of;
      this.learn(answers.slice(0, done), of, epochs);
    }
  }

  /** Keeps the weights, every ten answers or, where that would cost more than a tenth of the time, later. */
  keepWhenDue(answers: readonly FitDocument[], folder: LabelFolder): void {
    if (answers.length - this.kept.answers < KEEP_EVERY) return;
    if (performance.now() - this.kept.at < 10 * this.kept.tookMs) return;
    this.keep(answers, folder);
  }

  /** Keeps the weights of now. */
  keep(answers: readonly FitDocument[], folder: LabelFolder): void {
    const started = performance.now();
    folder.keep(this.trainer as Trainer<never>, answers);
    const at = performance.now();
    this.kept = { answers: answers.length, at, tookMs: at - started };
  }

  private batchOf(answers: readonly FitDocument[]): LabelBatch {
    const questionOf: number[] = [];
    const signs: number[] = [];
    const candidates: number[] = [];
    for (const [question, { matches = [] }] of answers.entries())
      for (const { id, tags } of matches) {
        questionOf.push(question);
        signs.push(tags!.finetuner_label as number);
        candidates.push(this.documents.find(id));
      }
    const asked = Int32Array.from(answers, ({ id }) => this.questions.find(id));
    return {
      ...{ questions: this.questions.read(asked), candidates: this.documents.read(candidates) },
      ...{ questionOf: Int32Array.from(questionOf), signs: Int32Array.from(signs) },
      ...{ questionIds: asked, documentIds: Int32Array.from(candidates) },
    };
  }
}

/** How an answer was given: with how many others at once, and what was trained then. */
export function answeredWith({ tags }: FitDocument): Answered {
  const { place = 0, of = 1, epochs = 0 } = (tags?.["answered"] ?? {}) as Partial<Answered>;
  return { place, of, epochs };
}

/** Kept in the tag `answered` of every answer. */
export interface Answered {
  /** position among the answers that were given at once, from 0 */
  place: number;
  of: number;
  epochs: number;
}
