/** A string, or a number with its whole part and what follows it. */
const TOKENS = /"(?:[^"\\]|\\.)*"|(-?\d+)(\.\d+)?([eE][-+]?\d+)?/g;

/** Digits from which on a whole part may be more than a double holds: 2⁵³ has sixteen. */
const LONG = /\d{16}/;

/**
 * JSON.parse, but numbers whose whole part is beyond ±(2⁵³ − 1) come as the text that stands there: a double would round
 * them, and two ids would become one. (Newer runtimes show a reviver the source of a number; Node 20 does not.)
 *
 * @throws SyntaxError as JSON.parse
 */
export function exactJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  JSON.parse(text); // what is not JSON must not become it by the quotes below
  return JSON.parse(
    text.replace(TOKENS, (token, whole?: string, fraction?: string, exponent?: string) =>
      whole === undefined || exponent !== undefined || Number.isSafeInteger(Number(whole))
        ? token
        : `"${whole}${fraction ?? ""}"`,
    ),
  );
}
