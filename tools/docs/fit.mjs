// docs/fit.md: the options of fit, from the schema that checks them.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { register } from "tsx/esm/api";

export async function fitPage() {
  const stop = register();
  const { fitKeys, leftOut, publishedNames } = await import(
    pathToFileURL(path.resolve("lib/training/fit/fit-schema.ts")).href
  );
  await stop();
  const names = Object.entries(publishedNames);
  const rows = Object.entries(fitKeys).map(([key, type]) => {
    const value = type._zod.def.type === "default" ? `\`${JSON.stringify(type._zod.def.defaultValue)}\`` : "";
    const others = names.filter(([, ours]) => ours === key).map(([name]) => `\`${snake(name)}\``);
    return `| \`${key}\` | ${value} | ${(type.description ?? "").replaceAll("|", "\\|")} | ${others.join(", ")} |`;
  });
  return `# Options of fit

<!-- Made by tools/docs.mjs from lib/training/fit/fit-schema.ts; do not edit. -->

\`fit({ model, trainData, loss, … })\` trains a model in one call and returns it, with what training brought where a part of the
data is held out. Names may also be spelled as the fine-tuner had them: \`train_data\`, \`batch_size\`, \`miner_options\`.
\`qdrl model list\` shows the models, \`qdrl model layers\` what can be frozen and cut, [losses.md](losses.md) the losses, miners and
optimisers. Left out on purpose: 3-D meshes (PointNet++), for which there is neither a reader nor an encoder.
Refused, with the reason: ${Object.entries(leftOut)
    .map(([key, why]) => `\`${snake(key)}\` (${why})`)
    .join("; ")}.

| option | default | meaning | published name |
|---|---|---|---|
${rows.join("\n")}
`;
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
