import { UserError } from "../files/user-error.js";
import { openRun, type RunFolder } from "./run-folder.js";

/**
 * Whether a run's data set is still the one that it was made from: on any other its token ids mean other words.
 *
 * @throws UserError naming both fingerprints
 */
export function checkData(run: RunFolder, data: { dir: string; fingerprint: string }): void {
  const { dir, fingerprint } = run.manifest().dataset;
  if (data.fingerprint === fingerprint) return;
  throw new UserError(
    `${run.dir}: works only on the data that it was made from, fingerprint of ${data.dir || dir} must be ${fingerprint.slice(0, 16)}…, got ${data.fingerprint.slice(0, 16)}…; build the data set as it was, or train again`,
  );
}

/**
 * Whether the runs that a run is made of still answer as they did then; one of before they were named is not asked.
 *
 * @throws UserError naming the part that answers otherwise now
 */
export function checkParts(run: RunFolder): void {
  for (const part of run.manifest().madeOf ?? []) {
    const now = openRun(part.run).contentOf();
    if (now !== part.content)
      throw new UserError(
        `${run.dir}: is made of ${part.run}, whose content must be ${part.content.slice(0, 16)}…, got ${now.slice(0, 16)}…; run its configuration again`,
      );
  }
}
