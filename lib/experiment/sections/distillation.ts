import { z } from "zod";

const weight = (value: number) => z.number().min(0).default(value);

/** What a student follows of its teacher; null = labels alone. */
export const distillationSection = z
  .strictObject({
    teacher: z
      .string()
      .min(1)
      .describe(
        "run folder of a trained encoder that can be exported as ONNX; it may read other features. Or the folder of a transformer that qdrl model import wrote, as it is",
      ),
    embeddings: weight(0).describe(
      "weight of 1 − cosine between the student's embedding of a text and the teacher's, queries and documents",
    ),
    ranking: weight(1).describe(
      "weight of the divergence from the teacher's distribution over the batch's documents",
    ),
    margins: weight(0).describe("weight of the squared difference of margins, margin-MSE in the batch"),
    labels: weight(0).describe(
      "weight of the loss of this configuration beside them; 0 = labels are not heard",
    ),
    temperature: z.number().positive().default(0.05).describe("τ of the student's cosines in ranking"),
    teacher_temperature: z
      .number()
      .positive()
      .default(0.05)
      .describe("τ of the teacher's cosines in ranking"),
  })
  .refine((d) => d.embeddings + d.ranking + d.margins > 0, {
    path: ["ranking"],
    error: "at least one of embeddings, ranking and margins must be > 0, got 0, 0 and 0",
  })
  .nullable();

export type DistillationConfig = NonNullable<z.infer<typeof distillationSection>>;
