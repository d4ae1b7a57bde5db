/** A sequence and what it has cost. */
export interface Hypothesis {
  /** without the start token; ends in the end token if it is finished */
  tokens: number[];
  /** sum of log-probabilities, nats */
  logProbability: number;
}

export interface BeamOptions {
  startToken: number;
  endToken: number;
  /** hypotheses kept at each step and returned; 1 = greedy, the likeliest token at each step */
  beam: number;
  /** tokens at most */
  depth: number;
}

/**
 * Beam search. Hypotheses that reach the end token leave the beam and compete at the end, by total log-probability,
 * with those that were cut off. Equal scores: the earlier hypothesis, then the smaller token, comes first.
 *
 * @param next  logits of the next token for each sequence (start token included), [sequences][V]
 * @returns at most `beam` hypotheses, best first
 * @see specs/3-kdd-multimodal-recall.md section 6, vector beam_search_clean
 */
export function beamSearch(
  next: (sequences: readonly (readonly number[])[]) => readonly ArrayLike<number>[],
  { startToken, endToken, beam, depth }: BeamOptions,
): Hypothesis[] {
  let alive: Hypothesis[] = [{ tokens: [], logProbability: 0 }];
  const finished: Hypothesis[] = [];
  for (let step = 0; step < depth && alive.length > 0; step++) {
    const logits = next(alive.map(({ tokens }) => [startToken, ...tokens]));
    const grown = alive.flatMap(({ tokens, logProbability }, i) =>
      logSoftmax(logits[i]!).map((value, token) => ({
        tokens: [...tokens, token],
        logProbability: logProbability + value,
      })),
    );
    grown.sort((a, b) => b.logProbability - a.logProbability);
    const kept = grown.slice(0, beam);
    finished.push(...kept.filter(({ tokens }) => tokens.at(-1) === endToken));
    alive = kept.filter(({ tokens }) => tokens.at(-1) !== endToken);
  }
  return [...finished, ...alive].sort((a, b) => b.logProbability - a.logProbability).slice(0, beam);
}

function logSoftmax(logits: ArrayLike<number>): number[] {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]!);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - top);
  const shift = top + Math.log(total);
  return Array.from({ length: logits.length }, (_, i) => logits[i]! - shift);
}
