import type { Labelling } from "../../annotation/label/labelling.js";

/** Weights are kept so long after the last request: while somebody looks at the next question. */
const REST_MS = 500;

/** What the routes of `qdrl label` work with. */
export class LabelService {
  /** Nothing is uploaded. */
  readonly uploadLimit = 1;
  private last: Promise<unknown> = Promise.resolve();
  private resting: NodeJS.Timeout | null = null;

  /**
   * @param run   what the page calls the run
   * @param terminate  ends the server
   */
  constructor(
    private readonly labelling: Labelling,
    readonly run: string,
    readonly terminate: () => void,
  ) {}

  /** One piece of work at a time, in the order of the requests: a question never comes from half a training. */
  use<T>(work: (labelling: Labelling) => T | Promise<T>): Promise<T> {
    if (this.resting) clearTimeout(this.resting);
    const result = this.last.then(() => work(this.labelling));
    this.last = result
      .catch(() => {})
      .then(() => {
        if (this.resting) clearTimeout(this.resting);
        this.resting = setTimeout(() => this.keep(), REST_MS).unref();
      });
    return result;
  }

  private keep(): void {
    try {
      this.labelling.keepWhenDue();
    } catch {} // a full disk, say: weights only save time, and the next answer says so
  }

  /** Closes the labelling, after the work that was asked for. */
  async close(): Promise<void> {
    await this.use((labelling) => labelling.close());
    await this.last;
    if (this.resting) clearTimeout(this.resting);
  }
}
