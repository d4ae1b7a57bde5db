import type { Session } from "./session.js";

/** Mean loss of the validation part over each batch's own items, without an update; NaN if nothing could be compared. */
export async function validate<B>(session: Session<B>): Promise<void> {
  const { validation } = session.parts;
  if (!validation) return;
  session.validationBatches = validation.steps;
  await session.fire("val_begin");
  let [sum, counted, index] = [0, 0, 0];
  for (const batch of validation.batches()) {
    session.batchIndex = index++;
    await session.fire("val_batch_begin");
    const loss = session.trainer.evaluateBatch(batch);
    if (loss !== null) {
      sum += loss;
      counted++;
    }
    await session.fire("val_batch_end");
  }
  session.validationLossSum = sum;
  session.validationLoss = counted === 0 ? Number.NaN : sum / counted;
  await session.fire("val_end");
}
