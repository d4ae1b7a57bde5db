import { randomInt } from "node:crypto";

const ADJECTIVES =
  "able amber bold brave brisk calm clear crisp eager early fair fine fleet fond frank fresh gentle glad golden grand green happy hardy keen kind lively lucid mellow merry mild neat noble plain prime proud quick quiet rapid ready round sharp silver smart solid stable steady sunny swift tidy vivid warm wise witty young".split(
    " ",
  );
const SURNAMES =
  "babbage bengio bernoulli boole bose chebyshev church codd cramer curie dantzig dijkstra euler fermat fisher galois gauss gosset hamming harris hilbert hopper johnson kalman kendall kolmogorov laplace lovelace luhn markov maxwell mooers noether pascal pearson poisson robertson salton shannon sparck taube turing vaswani wald wiener zipf".split(
    " ",
  );

/** A name for a run that nobody named: an adjective and a surname of the field, `keen-salton-4f2`. */
export function generatedName(): string {
  const pick = (list: readonly string[]) => list[randomInt(list.length)]!;
  return `${pick(ADJECTIVES)}-${pick(SURNAMES)}-${randomInt(4096).toString(16).padStart(3, "0")}`;
}
