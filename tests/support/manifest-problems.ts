import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseAllDocuments } from "yaml";

/** Options of sbatch that a script may name. @see https://slurm.schedmd.com/sbatch.html, of Slurm 22.05 to 25.05 */
const SBATCH = new Set(
  "array cpus-per-task dependency error gpus gres job-name mem mem-per-cpu nodes ntasks open-mode output partition requeue signal time tmp".split(
    " ",
  ),
);

const SCHEMAS: Record<string, string> = {
  "job.yaml": "kubernetes-job",
  "nodepool.yaml": "karpenter-nodepool",
  "workflow.yaml": "argo-workflow",
  "compose.yaml": "compose",
};

/** What is wrong with a file that is handed to an engine, by its vendored schema, or by bash and the list of sbatch's options. */
export function manifestProblems(name: string, text: string): string[] {
  if (/\.(sh|sbatch)$/.test(name)) return scriptProblems(name, text);
  if (name === "plan.json") return [];
  const schema = SCHEMAS[name] ?? (/^row-\d+\.yaml$/.test(name) ? "vertex-custom-job-spec" : null);
  if (schema === null) return [`${name}: no schema is known`];
  return parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS();
    return [...schemaProblems(schema, value), ...(name === "workflow.yaml" ? nameProblems(value) : [])];
  });
}

const validators = new Map<string, ReturnType<Ajv2020["compile"]>>();

function schemaProblems(name: string, value: unknown): string[] {
  let validate = validators.get(name);
  if (validate === undefined) {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    validate = ajv.compile(JSON.parse(fs.readFileSync(`tests/fixtures/engines/${name}.json`, "utf8")));
    validators.set(name, validate);
  }
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function scriptProblems(name: string, text: string): string[] {
  const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
  const options = [...text.matchAll(/^#SBATCH +--([a-z-]+)/gm)].map(([, option]) => option!);
  const marked = text
    .split("\n")
    .filter((line) => /^# ?S?BATCH|^#SBATC/.test(line) && !/^#SBATCH --[a-z-]+(=\S+)?$/.test(line));
  return [
    ...(status === 0 ? [] : [`${name}: ${stderr}`]),
    ...options
      .filter((option) => !SBATCH.has(option))
      .map((option) => `${name}: sbatch has no option --${option}`),
    ...marked.map((line) => `${name}: must be an option of sbatch, got ${line}`),
  ];
}

interface Workflow {
  spec: {
    entrypoint: string;
    volumes?: { name: string }[];
    templates: {
      name: string;
      inputs?: { parameters: { name: string }[] };
      container?: { args: string[]; volumeMounts: { name: string }[] };
      dag?: {
        tasks: {
          name: string;
          template: string;
          depends?: string;
          arguments?: { parameters: { name: string }[] };
        }[];
      };
    }[];
  };
}

/** Names that Argo's schema does not look at: entry point, templates, dependencies, parameters, volumes. */
function nameProblems({ spec }: Workflow): string[] {
  const problems: string[] = [];
  const templates = new Map(spec.templates.map((template) => [template.name, template]));
  if (!templates.has(spec.entrypoint)) problems.push(`entrypoint "${spec.entrypoint}" is no template`);
  for (const { name, dag, container, inputs } of spec.templates) {
    const tasks = dag?.tasks ?? [];
    const names = tasks.map((task) => task.name);
    for (const task of tasks) {
      const template = templates.get(task.template);
      if (!template) problems.push(`task "${task.name}": template "${task.template}" is none`);
      const wanted = template?.inputs?.parameters.map((one) => one.name).join() ?? "";
      const given = task.arguments?.parameters.map((one) => one.name).join() ?? "";
      if (template && wanted !== given)
        problems.push(`task "${task.name}": needs parameters "${wanted}", got "${given}"`);
      for (const [, other] of (task.depends ?? "").matchAll(/([\w-]+)(?:\.[A-Z]\w+)?/g))
        if (!names.includes(other!))
          problems.push(`task "${task.name}": depends on "${other}", which is none`);
    }
    for (const { name: volume } of container?.volumeMounts ?? [])
      if (!spec.volumes?.some((one) => one.name === volume))
        problems.push(`template "${name}": volume "${volume}" is none`);
    for (const [, parameter] of (container?.args.join(" ") ?? "").matchAll(
      /\{\{inputs\.parameters\.([^}]*)\}\}/g,
    ))
      if (!inputs?.parameters.some((one) => one.name === parameter))
        problems.push(`template "${name}": parameter "${parameter}" is none`);
  }
  return problems;
}
