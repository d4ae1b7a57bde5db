import { UserError } from "../files/user-error.js";
import { isNotebook, liveOutput } from "../reporting/display.js";
import { humanTime } from "../reporting/human-numbers.js";
import { liveCurves } from "../reporting/live-curves.js";
import type { Callback, TrainingState } from "../training/callbacks/callback.js";

interface Course {
  name: string;
  step: number[];
  loss: number[];
  rate: number[];
}

/**
 * Shows a training under the cell while it goes on: the loss and the learning rate of every step, where it is and the time
 * left, drawn again every so many seconds; outside a notebook, a line after each epoch. Given to several trainings one after
 * the other, it lays their curves over each other. The time left is that of the epochs to come at the pace so far,
 * validation included.
 *
 * @param options.everySeconds  between two drawings. Default 1.
 */
export function liveTraining({ everySeconds = 1 }: { everySeconds?: number } = {}): Callback {
  if (!(everySeconds >= 0))
    throw new UserError(`liveTraining: everySeconds must be ≥ 0, got ${everySeconds}`);
  const courses: Course[] = [];
  let show: (html: string, text: string) => void = () => {};
  let began = 0;
  let drawn = 0;
  let first: number | null = null;

  const share = ({ epoch, epochs, itemsDone, items }: TrainingState) =>
    (Math.max(0, epoch) + Math.min(1, itemsDone / Math.max(1, items))) / epochs;
  const status = (state: TrainingState, ended: boolean) => {
    const seconds = (performance.now() - began) / 1000;
    const [done, start] = [share(state), first ?? 0];
    const left = done > start ? (seconds * (1 - done)) / (done - start) : null;
    const time = ended ? `${humanTime(seconds)} in all` : left === null ? "" : `${humanTime(left)} left`;
    const epoch = `epoch ${Math.min(state.epochs, Math.max(0, state.epoch) + 1)}/${state.epochs}`;
    const loss = `loss ${state.loss.toFixed(4)}`;
    const valid = Number.isNaN(state.validationLoss) ? "" : `validation ${state.validationLoss.toFixed(4)}`;
    const rate = `learning rate ${Number(state.learningRate.toPrecision(3))}`;
    return [epoch, `step ${state.step.toLocaleString("en")}`, loss, valid, rate, time]
      .filter(Boolean)
      .join(" · ");
  };
  const draw = (state: TrainingState, ended = false) => {
    drawn = performance.now();
    const lines = (of: "loss" | "rate") =>
      courses.map((course) => ({ name: course.name, x: course.step, y: course[of] }));
    const text = status(state, ended);
    show(
      `<p>${text}</p>${liveCurves("loss", lines("loss"))}${liveCurves("learning rate", lines("rate"))}`,
      text,
    );
  };

  return {
    name: "live_training",
    on: {
      fit_begin() {
        courses.push({ name: `training ${courses.length + 1}`, step: [], loss: [], rate: [] });
        [began, drawn, first] = [performance.now(), 0, null];
        show = isNotebook() ? liveOutput() : () => {};
      },
      train_batch_begin(state) {
        first ??= share(state);
      },
      train_batch_end(state) {
        const course = courses.at(-1)!;
        if (state.batchLoss !== null) {
          course.step.push(state.step);
          course.loss.push(state.batchLoss);
          course.rate.push(state.learningRate);
        }
        if (performance.now() - drawn < 1000 * everySeconds) return undefined;
        draw(state);
        // what is shown leaves only when the event loop turns
        return isNotebook() ? new Promise((done) => setImmediate(done)) : undefined;
      },
      epoch_end(state) {
        if (!isNotebook()) state.tell(status(state, false));
      },
      fit_end: (state) => draw(state, true),
      exception: (state) => draw(state, true),
      keyboard_interrupt: (state) => draw(state, true),
    },
  };
}
