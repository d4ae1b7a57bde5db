import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { labelTask, pairsOf } from "../../../lib/annotation/label/label-task.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";

beforeAll(() => selectBackend("wasm"));

const none = { size: 0, columns: {} };
/** Questions 0 (asked twice, as batch positions 0 and 2) and 1; documents 4, 5, 6, 7. */
const batch = {
  ...{ questions: { ...none, size: 3 }, candidates: { ...none, size: 6 } },
  questionOf: Int32Array.of(0, 0, 1, 1, 2, 2),
  signs: Int32Array.of(1, -1, 1, -1, 1, -1),
  documentIds: Int32Array.of(4, 5, 5, 6, 7, 6),
  questionIds: Int32Array.of(0, 1, 0),
};

describe("the loss of labels", () => {
  it("sets each positive against all candidates but those positive for the same question", () => {
    const { order, context } = pairsOf(batch);
    expect([...order]).toEqual([0, 2, 4, 1, 3, 5]);
    // documents by column: 4, 5, 7, 5, 6, 6; question 0 has positives 4 and 7, question 1 has 5
    expect([...context.negatives!]).toEqual(
      [
        [0, 1, 0, 1, 1, 1],
        [1, 0, 1, 0, 1, 1],
        [0, 1, 0, 1, 1, 1],
      ].flat(),
    );
  });

  it("leaves out what the training data know to be an answer, but for what has a negative label", () => {
    // document 7 is known for question 1; so is 6, which the label calls wrong
    const knows = (question: number, document: number) => question === 1 && document >= 6;
    const { context } = pairsOf({ ...batch, knows });
    expect([...context.negatives!.slice(6, 12)]).toEqual([1, 0, 0, 0, 1, 1]);
  });

  it("takes rehearsed pairs for further questions with one positive each", () => {
    const rehearsed = {
      ...{ queries: { ...none, size: 1 }, documents: { ...none, size: 1 } },
      ...{ questionIds: Int32Array.of(1), documentIds: Int32Array.of(8) },
    };
    const { embed } = labelTask({ kind: "batch_softmax" }, "query", 2, new Random(1)).prepare(
      { ...batch, rehearsed },
      0,
    );
    expect(embed.map(({ side, rows }) => [side, rows.size])).toEqual([
      ["query", 3],
      ["document", 6],
      ["query", 1],
      ["document", 1],
    ]);
  });

  it("is the mean of −ln softmax over those candidates, or of distances within a session", () => {
    const random = new Random(3);
    const rows = (n: number) => Array.from({ length: n }, () => [random.normal(), random.normal()]);
    const [q, d] = [rows(3), rows(6)];
    const cosine = (a: number[], b: number[]) =>
      (a[0]! * b[0]! + a[1]! * b[1]!) / (Math.hypot(...a) * Math.hypot(...b));
    const value = (spec: { kind: string; temperature?: number }) => {
      const { loss } = labelTask(spec, "query", 2, new Random(1)).prepare(batch, 0);
      return loss(tf.tensor2d(q), tf.tensor2d(d)).dataSync()[0]!;
    };
    const { order, context } = pairsOf(batch);
    const terms = [0, 1, 2].map((i) => {
      const asked = q[batch.questionOf[order[i]!]!]!;
      const own = Math.exp(cosine(asked, d[order[i]!]!) / 0.1);
      let all = own;
      for (let j = 0; j < 6; j++)
        if (j !== i && context.negatives![i * 6 + j] === 1)
          all += Math.exp(cosine(asked, d[order[j]!]!) / 0.1);
      return -Math.log(own / all);
    });
    const mean = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    expect(value({ kind: "batch_softmax", temperature: 0.1 })).toBeCloseTo(mean(terms), 4);
    // sessions of a question with one positive and one negative: three pairs each, both of question and positive with the negative pushed
    const pairs = [0, 1, 2].flatMap((s) => {
      const [plus, minus] = [d[2 * s]!, d[2 * s + 1]!];
      const far = (a: number[]) => Math.max(0, 1 - (1 - cosine(a, minus)));
      return [1 - cosine(q[s]!, plus), far(q[s]!), far(plus)];
    });
    expect(value({ kind: "siamese" })).toBeCloseTo(mean(pairs), 4);
  });

  it("refuses a loss that remembers or trains vectors of its own", () => {
    expect(() =>
      labelTask({ kind: "symmetric_softmax", learnable: true }, "query", 2, new Random(1)),
    ).toThrow(/got symmetric_softmax/);
  });
});
