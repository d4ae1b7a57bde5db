/** Where a long task is; sent many times a second at most, so listeners may draw on each. */
export interface Progress {
  task: string;
  done: number;
  total: number;
  unit: string;
  /** A short remark such as the running loss. */
  note?: string;
}

export interface Listener {
  /** A long task moved on. */
  progress?(progress: Progress): void;
  /** One line worth keeping: a backend chosen, a count, a warning. */
  line?(text: string): void;
}

let standard: Listener = {};

/** Who hears of progress where a call names no listener: nobody, until {@link setDefaultListener}. */
export function defaultListener(): Listener {
  return standard;
}

/** Has calls without a listener of their own report to this one; the public face does so when it is loaded. */
export function setDefaultListener(listener: Listener): void {
  standard = listener;
}

/** Passes at most one report per `everyMs` on, plus the last. */
export function throttled(listener: Listener, everyMs = 100): (progress: Progress) => void {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.done < progress.total && now - last < everyMs) return;
    last = now;
    listener.progress?.(progress);
  };
}
