import { Random } from "../engine/random/random.js";
import { type BootstrapOptions, checkBootstrap, type Interval, intervalOf } from "./bootstrap.js";
import { meanAndVariance } from "./sample.js";
import { perQueryMeans, type SeedValues } from "./seeds-and-queries.js";

/**
 * Bootstrap interval of a mean over seeds and queries: every resample draws seeds and queries anew, both with
 * replacement. Percentile interval of
 *   mean + √(S/(S − 1)) · (mean of drawn seed means − mean) + (mean of drawn query means − mean);
 * the factor undoes the bootstrap's too small spread for few seeds. It makes no assumption of normality for the
 * queries, but with fewer than about five seeds seedQueryInterval, which knows how little they tell, is the one to use.
 *
 * @param values  [S][Q]; one seed gives the percentile interval over queries
 * @see Owen 2007, doi:10.1214/07-AOAS122 (resampling both sides of a table)
 */
export function hierarchicalBootstrapInterval(
  values: SeedValues,
  options: Omit<BootstrapOptions, "method"> = {},
): Interval {
  const { seed = 1, resamples = 10_000, level = 0.95 } = options;
  const queryMeans = perQueryMeans(values);
  checkBootstrap("hierarchicalBootstrapInterval", queryMeans, resamples, level);
  const { mean } = meanAndVariance(queryMeans);
  const S = values.length;
  const seedParts = values.map(
    (run) => (meanAndVariance(run).mean - mean) * (S > 1 ? Math.sqrt(S / (S - 1)) : 0),
  );
  const random = new Random(seed);
  const means = new Float64Array(resamples);
  const scale = queryMeans.length / 2 ** 32;
  for (let r = 0; r < resamples; r++) {
    let total = 0;
    for (let q = 0; q < queryMeans.length; q++) total += queryMeans[Math.floor(random.uint32() * scale)]!;
    let shift = 0;
    for (let s = 0; s < S; s++) shift += seedParts[random.int(S)]!;
    means[r] = total / queryMeans.length + shift / S;
  }
  return { mean, ...intervalOf(means.sort(), mean, level, null) };
}
