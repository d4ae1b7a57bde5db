/** Signals that end this program in order, with the exit code of each. */
export const ENDINGS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

let waited = false;

/** Resolves with the signal that tells this program to end, which from now on does not end it by itself; a second one does. */
export function toldToEnd(): Promise<NodeJS.Signals> {
  waited = true;
  return new Promise((resolve) => {
    for (const signal of Object.keys(ENDINGS) as NodeJS.Signals[])
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(ENDINGS[signal]));
      });
  });
}

/** Whether a command waits for signals itself. */
export function endsByItself(): boolean {
  return waited;
}
