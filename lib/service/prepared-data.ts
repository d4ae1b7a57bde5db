import fs from "node:fs";
import path from "node:path";
import { UserError } from "../files/user-error.js";
import { initDataset } from "../runs/init-dataset.js";
import { type DataRole, stemOf } from "./run-data-names.js";

/** Folder of what is made of the table that was uploaded for training. */
export function preparedOf(root: string, train: string): string {
  return path.join(root, ".service", "prepared", train);
}

/** What a role's table is called in a folder of tables, which says what it is for. */
const TABLES: Record<DataRole, string> = { train: "train", eval: "test", query: "test", index: "documents" };

/** A data set, and the ready configuration to train an encoder on it by; null where there is nothing to train on. */
export interface Prepared {
  dir: string;
  recipe: string | null;
}

/**
 * The data set that uploaded tables become: made once, from the columns as they were said to be or are guessed. Pairs are in
 * `train`; `eval` or `query` are pairs to be tested on, `index` documents apart from the pairs.
 *
 * @param names  of the tables by role; all but train may be absent
 * @throws UserError where tables are not there or no search can be made of them
 */
export async function preparedDataset(
  root: string,
  names: Readonly<Record<DataRole, string>>,
  columns: Readonly<Record<string, string | null>>,
  tell: (line: string) => void,
): Promise<Prepared> {
  const prepared = preparedOf(root, names.train);
  const dir = path.resolve(prepared, "data", "uploaded");
  const recipe = path.join(prepared, "configs", "uploaded", "encoder.yaml");
  if (!fs.existsSync(path.join(dir, "manifest.json"))) {
    fs.rmSync(prepared, { recursive: true, force: true });
    fs.mkdirSync(prepared, { recursive: true });
    const source = sourceOf(path.join(root, ".service", "data"), names, path.join(prepared, "tables"));
    const { counts, roles, warnings } = await initDataset(source, {
      name: "uploaded",
      root: prepared,
      columns,
    });
    for (const warning of warnings) tell(warning);
    const said = Object.entries(roles ?? {}).map(([role, column]) => `${role} = ${column}`);
    if (said.length > 0) tell(`columns: ${said.join(", ")}`);
    tell(`data: ${counts["documents"]} documents, ${counts["trainingRows"]} training pairs`);
  }
  return { dir, recipe: fs.existsSync(recipe) ? recipe : null };
}

/** The only table, or a folder of several, whose names say what each is for. */
function sourceOf(uploads: string, names: Readonly<Record<DataRole, string>>, folder: string): string {
  const files = fs.existsSync(uploads) ? fs.readdirSync(uploads) : [];
  const found = Object.entries(names).flatMap(([role, name]) => {
    const file = files.find((one) => one === name || stemOf(one) === name);
    return file === undefined ? [] : [{ role: role as DataRole, file: path.join(uploads, file) }];
  });
  if (found[0]?.role !== "train")
    throw new UserError(`fit: train_data must be uploaded, found no ${names.train}`);
  if (found.length === 1) return found[0].file;
  const clash = found.filter(({ role }) => TABLES[role] === "test");
  if (clash.length > 1)
    throw new UserError("fit: eval and query must not both be uploaded, for both are the test");
  fs.mkdirSync(folder);
  for (const { role, file } of found)
    fs.copyFileSync(file, path.join(folder, `${TABLES[role]}${path.extname(file)}`));
  return folder;
}
