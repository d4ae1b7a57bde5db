import { onPlane, type Plane, principalAxes } from "../../analysis/maps/principal-plane.js";
import type { LabelCounters, LabelMeasured } from "../../browser/page/label-shapes.js";
import { picturePath } from "../../datasets/images/picture-path.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { Random } from "../../engine/random/random.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import { checkAnswer, countAnswers } from "./answers.js";
import { labelChoices } from "./label-choices.js";
import type { Fed, LabelFolder } from "./label-folder.js";
import type { LabelMeasures } from "./label-measures.js";
import type { LabelSettings } from "./label-settings.js";
import type { LabelStore } from "./label-store.js";
import { answeredWith, type LabelTraining } from "./label-training.js";

/** Points of the map at most. */
const MOST_POINTS = 2000;

/** Answers from one measurement to the next where each means to embed what else is not embedded. */
const MEASURE_EVERY = 20;

/** Names in the folder that are taken. */
const RESERVED: readonly string[] = ["weights", "labels.jsonl", "labelling.json"];

export interface NextOptions {
  /** First and last (exclusive) question in the order of the choice. Default 0 and 1. */
  start?: number;
  end?: number;
  /** Candidates a question. Default: as the settings say. */
  topk?: number;
  /** Documents drawn anew, among which the nearest are; null = all. Default: as the settings say. */
  sampleSize?: number | null;
  /** Default: that of the settings. */
  choice?: string;
  /** This question again, with candidates that have no label for it yet. */
  question?: string;
}

/** A document beside a question. */
export interface ShownMatch extends FitDocument {
  scores: { cosine: number };
}

export interface Question extends FitDocument {
  matches: ShownMatch[];
}

/** What a labelling works with. */
export interface LabellingParts {
  encoder: Encoder;
  /** may be the same as documents */
  questions: LabelStore;
  documents: LabelStore;
  training: LabelTraining;
  folder: LabelFolder;
  measures: LabelMeasures;
  settings: LabelSettings;
  random: Random;
  /** folder of the run's data */
  dataset: string;
  /** writes the present model, returns its folder */
  write(name: string, answers: number): string;
  /** closes what was opened for it */
  close(): void;
}

/**
 * Labelling with training in the loop: a question with its nearest documents, an answer, a few steps of training at once, the
 * next question from the changed model. Everything but the time of an answer follows from the run, the settings, what was fed and the answers:
 * begun again after any end, it asks the same question of the same weights.
 */
export class Labelling {
  private answers: FitDocument[] = [];
  private readonly plane: Plane;
  private readonly points: Int32Array;
  private saved: LabelCounters["saved"] = null;

  /** @param tell  hears of weights that could not be read */
  constructor(
    private readonly parts: LabellingParts,
    tell: (line: string) => void = () => {},
  ) {
    const { documents, folder, measures, training } = parts;
    documents.refresh();
    measures.begin();
    const total = documents.rows.length;
    const drawn = Math.min(total, MOST_POINTS);
    this.points = Int32Array.from({ length: drawn }, (_, i) => Math.floor((i * total) / drawn));
    this.plane = principalAxes(documents.take(this.points), documents.dim);
    this.answers = folder.answers();
    for (const answer of this.answers) this.checkKnown(answer);
    if (this.answers.length > 0) training.replay(this.answers, folder, tell);
  }

  get settings(): LabelSettings {
    return this.parts.settings;
  }

  /**
   * Adds documents to the store, or questions to be asked; of an id that is there already nothing is changed.
   *
   * @returns how many are new
   */
  async feed(given: readonly FitDocument[], fed: Fed = "documents"): Promise<number> {
    const as = this.sideOf(fed);
    const added = this.unknown(given, as);
    if (added.length === 0) return 0;
    await this.parts[as].add(
      added.map(({ row }) => row),
      added.map(({ document }) => document.id!),
    );
    const { folder } = this.parts;
    folder.writeFed(as, [...folder.fed(as), ...added.map(({ document }) => document)]);
    return added.length;
  }

  private sideOf(fed: Fed): Fed {
    return this.parts.questions === this.parts.documents ? "documents" : fed;
  }

  /** Those of the documents that are not in a store yet, as its rows. @throws UserError for one that nothing can be read of */
  private unknown(
    given: readonly FitDocument[],
    as: Fed,
  ): { row: Record<string, string>; document: FitDocument }[] {
    const store = this.parts[as];
    const kept = this.parts.folder.fed(as);
    const added: { row: Record<string, string>; document: FitDocument }[] = [];
    for (const [i, document] of given.entries()) {
      const id = document.id ?? `fed-${kept.length + added.length + 1}`;
      if (store.find(id) !== -1 || added.some((one) => one.document.id === id)) continue;
      const plain = JSON.parse(JSON.stringify({ ...document, id })) as FitDocument;
      const { matches: _, ...alone } = plain;
      added.push({ row: store.reading.rows.rowOf(alone, `label: ${as} ${i}`), document: alone });
    }
    return added;
  }

  /**
   * Questions start … end in the order of the choice, each with its nearest documents by cosine under the present model; the
   * question itself and what is labelled for it already are left out.
   *
   * @throws UserError for an unknown choice or question
   */
  next(options: NextOptions = {}): Question[] {
    const {
      start = 0,
      end = start + 1,
      topk = this.settings.candidates,
      choice = this.settings.choice,
    } = options;
    const part = labelChoices.get(choice);
    const { questions, documents, settings, random } = this.parts;
    const moment = `after ${this.answers.length}`;
    const drawn = sampleOf(
      documents.rows.length,
      options.sampleSize === undefined ? settings.pool : options.sampleSize,
      random.fork(`pool ${moment}`),
    );
    const pool = documents.take(drawn);
    let considered = options.question === undefined ? this.open() : [this.placeOf(options.question)];
    const most = Math.max(end, settings.considered);
    if (considered.length > most)
      considered = part.inOrder
        ? considered.slice(0, end)
        : random.fork(`considered ${moment}`).shuffle(considered).slice(0, most);
    if (considered.length === 0 || start >= end) return [];
    const vectors = questions.take(considered);
    const labelled = options.question === undefined ? new Set<string>() : this.labelledFor(options.question);
    const depth = Math.min(topk + labelled.size, drawn.length);
    const placeIn = new Map(Array.from(drawn, (document, i) => [document, i]));
    const found = exactSearch({
      ...{ documents: pool, dim: documents.dim, queries: vectors, k: depth },
      excludePerQuery: considered.map((at) => (questions === documents ? (placeIn.get(at) ?? -1) : -1)),
    });
    const asked = part.rank(
      {
        ...{ count: considered.length, scores: found.scores, k: depth, vectors, dim: documents.dim },
        answered: () => questions.take(this.answers.map(({ id }) => questions.find(id))),
        random: random.fork(`choice ${moment}`),
      },
      end,
    );
    return Array.from(asked.slice(start, end), (q) => {
      const at = considered[q]!;
      const matches: ShownMatch[] = [];
      for (let i = q * depth; i < (q + 1) * depth && matches.length < topk; i++) {
        if (found.ids[i]! < 0) break;
        const document = drawn[found.ids[i]!]!;
        const id = documents.ids[document]!;
        if (labelled.has(id)) continue;
        matches.push({ ...this.show("documents", document), scores: { cosine: found.scores[i]! } });
      }
      return { ...this.show("questions", at), matches };
    });
  }

  /**
   * Takes answers, trains on them, and keeps them: first the answers, then the training, so that a kill between loses
   * neither. A question without labelled matches counts as ignored.
   *
   * @param given   questions with matches whose `tags.finetuner_label` is 1 or −1; those unknown are fed
   * @param options.epochs  see the settings
   * @param options.keep    false: weights are not kept now even if it is time; see {@link keepWhenDue}. Default true.
   * @throws UserError for a document that is no answer; nothing is kept then
   */
  async fit(
    given: readonly FitDocument[],
    options: { epochs?: number; keep?: boolean } = {},
  ): Promise<LabelCounters> {
    const { epochs = this.settings.epochs, keep = true } = options;
    given.forEach(checkAnswer);
    const matched = given.flatMap(({ matches = [] }) => matches);
    const isOneStore = this.sideOf("questions") === "documents";
    this.unknown(isOneStore ? [...given, ...matched] : matched, "documents"); // refuses before a question is fed
    await this.feed(given, "questions");
    await this.feed(matched, "documents");
    const at = new Date().toISOString();
    const fresh = given.map(({ id, matches = [] }, place) => ({
      ...this.document("questions", id!),
      matches: matches.map((match) => {
        const { tags, ...rest } = this.document("documents", match.id!);
        return { ...rest, tags: { ...tags, finetuner_label: match.tags!.finetuner_label } };
      }),
      tags: {
        ...this.document("questions", id!).tags,
        answered: { at, place, of: given.length, epochs },
      },
    }));
    if (fresh.length > 0) this.learn([...this.answers, ...fresh] as FitDocument[], fresh.length, epochs);
    if (keep) this.keepWhenDue();
    return this.counters();
  }

  /** Keeps the weights if enough answers have come since they were last kept, so that the next start need not train on those again. */
  keepWhenDue(): void {
    const { training, folder } = this.parts;
    training.keepWhenDue(this.answers, folder);
  }

  /**
   * Takes the last answer back, or those given with it, and the training with it.
   *
   * @returns the questions that are open again, none if there was no answer
   */
  undo(): FitDocument[] {
    const { folder, training, measures } = this.parts;
    const last = this.answers.at(-1);
    if (!last) return [];
    const kept = this.answers.slice(0, this.answers.length - answeredWith(last).of);
    const undone = this.answers.slice(kept.length);
    folder.writeAnswers(kept);
    this.answers = kept;
    training.replay(kept, folder);
    measures.forget();
    return undone;
  }

  /** Writes the present model as a run folder below that of the labels. @returns that folder */
  save(name = "tuned-model"): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || RESERVED.includes(name))
      throw new UserError(
        `label: model_path must be a folder's name of letters, digits, ".", "_" or "-" beside the labels, got ${JSON.stringify(name)}`,
      );
    const to = this.parts.write(name, this.answers.length);
    this.saved = { to, answers: this.answers.length };
    return to;
  }

  counters(): LabelCounters {
    const { documents, training } = this.parts;
    return {
      ...countAnswers(this.answers),
      left: this.open().length,
      documents: documents.rows.length,
      loss: Number.isFinite(training.lastLoss) ? training.lastLoss : null,
      steps: training.trainer.step,
      saved: this.saved,
    };
  }

  /**
   * What the model is worth; null where there is nothing to measure it on. Embeds every document anew: where a question sees
   * some of them only (settings, `pool`), after every twentieth answer.
   *
   * @param fresh  now, whatever it takes
   */
  measured(fresh = false): LabelMeasured | null {
    const every = fresh || this.settings.pool === null ? 1 : MEASURE_EVERY;
    return this.parts.measures.now(this.answers.length, every);
  }

  /**
   * Up to 2,000 documents on the first two principal axes of the run's own embeddings, which stay as the model moves; where
   * a question sees some documents only (settings, `pool`), those not seen since stay too.
   *
   * @returns positions [n, 2] and the documents' ids
   */
  map(): { ids: string[]; positions: Float32Array } {
    const { documents } = this.parts;
    const ids = Array.from(this.points, (at) => documents.ids[at]!);
    if (this.settings.pool === null) documents.refresh(this.points);
    return { ids, positions: onPlane(documents.rowsOf(this.points), documents.dim, this.plane) };
  }

  /** The file of a document's picture, or its data: address; null for a document that has none or is not there. */
  picture(side: Fed, id: string): string | null {
    const store = this.parts[side];
    const at = store.find(id);
    if (at === -1) return null;
    const columns = [...store.reading.rows.pictures, `${store.reading.side}_picture`];
    const cell = columns.map((name) => ownEntry(store.rows[at]!, name) ?? "").find((each) => each !== "");
    if (cell === undefined) return null;
    return cell.startsWith("data:") ? cell : picturePath(this.parts.dataset, cell);
  }

  /** Answers so far, in their order. */
  labels(): readonly FitDocument[] {
    return this.answers;
  }

  close(): void {
    const { folder, training } = this.parts;
    if (this.answers.length > 0) training.keep(this.answers, folder);
    this.parts.close();
  }

  private learn(answers: FitDocument[], count: number, epochs: number): void {
    const { folder, training } = this.parts;
    const before = this.answers;
    folder.writeAnswers(answers);
    this.answers = answers;
    try {
      training.learn(answers, count, epochs);
    } catch (error) {
      folder.writeAnswers(before);
      this.answers = before;
      training.replay(before, folder);
      throw error;
    }
  }

  /** Positions of the questions that have no answer, in order. */
  private open(): number[] {
    const { questions } = this.parts;
    const done = new Set(this.answers.map(({ id }) => questions.find(id)));
    return Array.from(questions.rows.keys()).filter((at) => !done.has(at));
  }

  private placeOf(id: string): number {
    const at = this.parts.questions.find(id);
    if (at === -1)
      throw new UserError(`label: question must be one of ${this.parts.questions.ids.length}, got "${id}"`);
    return at;
  }

  private labelledFor(id: string): Set<string> {
    const own = this.answers.filter((answer) => answer.id === id);
    return new Set(own.flatMap(({ matches = [] }) => matches.map((match) => match.id!)));
  }

  private show(side: Fed, at: number): FitDocument {
    const store = this.parts[side];
    return store.reading.rows.documentOf(store.ids[at]!, store.rows[at]!);
  }

  private document(side: Fed, id: string): FitDocument {
    return this.show(side, this.parts[side].find(id));
  }

  /** @throws UserError for an answer whose documents the run's data no longer have */
  private checkKnown({ id, matches = [] }: FitDocument): void {
    const { questions, documents, folder } = this.parts;
    const missing =
      questions.find(id) === -1 ? id : matches.find((match) => documents.find(match.id) === -1)?.id;
    if (missing !== undefined)
      throw new UserError(
        `${folder.labelsFile}: every document must be one of the run's data or fed, got ${JSON.stringify(missing)}`,
      );
  }
}

function sampleOf(count: number, size: number | null, random: Random): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  return size === null || size >= count ? all : random.shuffle(all).slice(0, size).sort();
}
