import { readInherited } from "../../config/base-layers.js";
import { readText } from "../../config/read-text.js";
import { type AblationPlan, ablationPlan } from "../../experiment/ablation-rows.js";
import { type AblationConfig, ablationChecks, ablationSchema } from "../../experiment/ablation-schema.js";
import { kindOfFile } from "../../experiment/kind-of-file.js";
import { experimentFrom } from "../../experiment/load-config.js";
import { readAblation } from "../../experiment/load-sweep.js";
import { UserError } from "../../files/user-error.js";

export type LoadedAblation = AblationPlan & { config: AblationConfig };

/** What an ablation is asked to be, whatever its file says. */
export interface AblationChoices {
  /** Folder of the runs and results; default: the file's task_id, or ablation- and the experiment's task and run ids. */
  name?: string | undefined;
  /** Names of the parts looked at; the others stay as the whole has them. */
  parts?: readonly string[] | undefined;
  interactions?: AblationConfig["interactions"] | undefined;
  design?: AblationConfig["design"] | undefined;
  mostRows?: number | undefined;
}

/**
 * Reads an ablation, or makes one of an experiment that has a base: its parts are the sections in which it differs from what
 * it stands on, left out by the base's and, alone, added to the base.
 *
 * @throws UserError for an experiment that stands on no other, and parts that there are not
 */
export function loadAblation(
  file: string,
  choices: AblationChoices = {},
  overrides: readonly string[] = [],
): LoadedAblation {
  const read = readInherited(readText(file), file, false);
  const config =
    kindOfFile(read) === "ablation"
      ? readAblation(read, file).config
      : ofExperiment(file, read.values["base"], overrides);
  const { name, parts: names, interactions, design, mostRows } = choices;
  const known = config.parts.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(`--parts: must name parts of ${file} (${known.join(", ")}), got "${unknown}"`);
  const chosen: AblationConfig = {
    ...config,
    ...(name !== undefined && { task_id: name }),
    ...(names !== undefined && { parts: config.parts.filter(({ name }) => names.includes(name)) }),
    ...(interactions !== undefined && { interactions }),
    ...(design !== undefined && { design }),
    ...(mostRows !== undefined && { most_rows: mostRows }),
  };
  const [issue] = ablationChecks(chosen);
  if (issue !== undefined) throw new UserError(`${file}: ${issue.path.join(".")} ${issue.message}`);
  try {
    return { config: chosen, ...ablationPlan(chosen) };
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}

/** Keys that say where a run is written and how it is watched, and what is measured: no part of a system. */
const NO_PARTS = ["task_id", "run_id", "name", "seed", "recall_validation"];

function ofExperiment(file: string, base: unknown, overrides: readonly string[]): AblationConfig {
  const read = readInherited(readText(file), file);
  const whole = experimentFrom(read, file, overrides);
  if (typeof base !== "string")
    throw new UserError(
      `${file}: must have a base, from which its parts are told, or be a file of parts such as configs/studies/typo-recipes.yaml, got neither`,
    );
  const plain = experimentFrom(readInherited(readText(base), base), base, overrides);
  const before = plain as unknown as Record<string, unknown>;
  const changed = Object.entries(whole).filter(
    ([key, value]) =>
      !NO_PARTS.includes(key) && read.has([key]) && JSON.stringify(value) !== JSON.stringify(before[key]),
  );
  if (changed.length === 0)
    throw new UserError(`${file}: must differ from its base ${base} in a setting of the system, got none`);
  // a table of rows that was made for the tokens of one of the two would be too small, or too large, for the other's
  const sized =
    whole.model.text_embedding.num_embeddings === "auto"
      ? { "model.text_embedding.num_embeddings": "auto" }
      : {};
  const { recall_validation: asked } = whole;
  return ablationSchema.parse({
    task_id: `ablation-${whole.task_id}-${whole.run_id}`,
    title: `Parts of ${whole.name ?? whole.run_id}`,
    base: file,
    set: {
      recall_validation: { ...asked, every_epochs: whole.num_epochs },
      tensorboard: false,
      ...sized,
    },
    parts: changed.map(([name]) => ({
      name,
      without: { [name]: before[name], ...(name === "model" && sized) },
    })),
  });
}
