import type { Labelling } from "../../annotation/label/labelling.js";

/** What the routes of `qdrl label` work with. */
export class LabelService {
  /** Nothing is uploaded. */
  readonly uploadLimit = 1;
  private last: Promise<unknown> = Promise.resolve();

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
    const result = this.last.then(() => work(this.labelling));
    this.last = result.catch(() => {});
    return result;
  }
}
