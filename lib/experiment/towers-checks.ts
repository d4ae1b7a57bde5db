import type { FeatureConfig } from "./sections/dataset.js";
import type { ModalityEncoderConfig, TowersModel } from "./sections/towers.js";

interface Issue {
  path: (string | number)[];
  message: string;
}

/** Which declared types an encoder can read. */
const reads: Record<ModalityEncoderConfig["type"], readonly FeatureConfig["type"][]> = {
  bag: ["text"],
  category: ["categorical", "multi_categorical"],
  vector: ["vector", "numeric"],
  cnn: ["image"],
  patches: ["image"],
  regions: ["regions"],
};

/** Rules between the towers and the declared features. */
export function checkTowers(
  model: TowersModel,
  declared: { query: readonly FeatureConfig[]; document: readonly FeatureConfig[] },
): Issue[] {
  const issues: Issue[] = [];
  for (const side of ["query", "document"] as const)
    model[side].features.forEach(({ feature, encoder }, i) => {
      const found = declared[side].find((f) => f.name === feature);
      if (found === undefined || !reads[encoder.type].includes(found.type))
        issues.push({
          path: ["model", side, "features", i, "feature"],
          message: `must name a ${reads[encoder.type].join(" or ")} feature of dataset.${side}_features (${declared[side].map((f) => `${f.name}: ${f.type}`).join(", ")}), got "${feature}"`,
        });
      else if (encoder.type === "patches" && found.type === "image" && found.size % encoder.patch !== 0)
        issues.push({
          path: ["model", side, "features", i, "encoder", "patch"],
          message: `must divide the size of the picture (${found.size}), got ${encoder.patch}`,
        });
      else if (
        encoder.type === "patches" &&
        encoder.mixing === "attention" &&
        encoder.width % encoder.heads !== 0
      )
        issues.push({
          path: ["model", side, "features", i, "encoder", "heads"],
          message: `must divide width (${encoder.width}), got ${encoder.heads}`,
        });
    });
  if (model.share_towers && model.query.features.length !== model.document.features.length)
    issues.push({
      path: ["model", "share_towers"],
      message: `needs as many features on both sides, got ${model.query.features.length} and ${model.document.features.length}`,
    });
  return issues;
}
