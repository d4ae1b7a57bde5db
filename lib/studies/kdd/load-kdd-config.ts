import { readInherited } from "../../config/base-layers.js";
import { readText } from "../../config/read-text.js";
import { checkYaml } from "../../config/yaml-with-schema.js";
import { UserError } from "../../files/user-error.js";
import { type KddConfig, kddSchema } from "./kdd-schema.js";

/** Reads a file whose `system` is kdd. @throws RangeError one line per broken rule, with file and line */
export function loadKddConfig(file: string, overrides: readonly string[] = []): KddConfig {
  const read = readInherited(readText(file), file);
  const { system } = read.values;
  if (system !== "kdd")
    throw new UserError(
      `${file}: system must be kdd, got ${system ?? "none"}; an experiment is run with: qdrl train ${file}`,
    );
  return checkYaml(kddSchema, rules, read, overrides);
}

function rules({ image, pretrain, model1, model2 }: KddConfig) {
  const issues: { path: (string | number)[]; message: string }[] = [];
  if (image.feature_dim % image.attention_heads !== 0)
    issues.push({
      path: ["image", "attention_heads"],
      message: `must divide image.feature_dim (${image.feature_dim}), got ${image.attention_heads}`,
    });
  const chosen: [string, string, number | "best", number][] = [
    ["pretrain", "export_epoch", pretrain.export_epoch, pretrain.epochs],
    ["model1", "use_epoch", model1.use_epoch, model1.epochs],
    ["model2", "use_epoch", model2.use_epoch, model2.epochs],
  ];
  for (const [section, key, epoch, epochs] of chosen)
    if (epoch !== "best" && epoch > epochs)
      issues.push({
        path: [section, key],
        message: `must be at most ${section}.epochs (${epochs}), got ${epoch}`,
      });
  return issues;
}
