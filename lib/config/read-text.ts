import { isUtf8 } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { UserError } from "../files/user-error.js";
import { nearestName } from "./nearest-name.js";

/** A text file in UTF-8, or one line saying why not. */
export function readText(file: string): string {
  const bytes = readBytes(file);
  if (!isUtf8(bytes)) throw new UserError(`${file}: must be UTF-8, got other bytes`);
  return bytes.toString("utf8");
}

function readBytes(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR") throw new UserError(`${file}: must be a file, got a folder`);
    if (code === "ENOENT") throw new UserError(`${file}: must exist, found none${suggestion(file)}`);
    throw new UserError(`${file}: cannot be read (${code ?? error})`);
  }
}

/** The YAML file of the same folder whose name is nearest, as a question. */
function suggestion(file: string): string {
  const folder = path.dirname(file);
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return "";
  const names = fs.readdirSync(folder).flatMap((name) => /^(.+)\.yaml$/.exec(name)?.[1] ?? []);
  const nearest = nearestName(path.basename(file, ".yaml"), names);
  return nearest === null ? "" : `; did you mean ${path.join(folder, nearest)}.yaml?`;
}
