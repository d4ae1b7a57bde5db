import fs from "node:fs";
import path from "node:path";
import { nearestName } from "../config/nearest-name.js";
import { listRuns, RunFolder } from "../tracking/run-folder.js";
import { ServiceError } from "./service-error.js";

/** A part of a run's name: that of a folder, never one that leads elsewhere. */
export const FOLDER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The runs that a service knows: all below a folder, `<experiment>/<run>` by name, and those named beside it. */
export class ServedRuns {
  private readonly named = new Map<string, RunFolder>();

  /**
   * @param root  folder of experiments
   * @param dirs  run folders anywhere, each known by the last two parts of its path
   */
  constructor(
    readonly root: string,
    dirs: readonly string[] = [],
  ) {
    for (const dir of dirs) {
      const run = new RunFolder(dir);
      run.manifest();
      this.named.set(nameOf(path.resolve(dir)), run);
    }
  }

  /** Names of all runs with a manifest, those named first. */
  names(): string[] {
    const below = listRuns(this.root).map((run) =>
      path.relative(this.root, run.dir).split(path.sep).join("/"),
    );
    return [...new Set([...this.named.keys(), ...below])];
  }

  /**
   * The run of a name, `<experiment>/<run>`; without one, the only run that was named.
   *
   * @throws ServiceError 404 listing the known ones
   */
  find(name?: string): RunFolder {
    if (name === undefined) {
      if (this.named.size === 1) return [...this.named.values()][0]!;
      throw new ServiceError(400, `run: must be named, got none; known: ${this.known()}`);
    }
    const named = this.named.get(name);
    if (named) return named;
    const dir = path.join(this.root, ...name.split("/"));
    const safe = name.split("/").every((part) => FOLDER_NAME.test(part));
    if (safe && fs.existsSync(path.join(dir, "manifest.json"))) return new RunFolder(dir);
    const nearest = nearestName(name, this.names());
    throw new ServiceError(
      404,
      `unknown run ${JSON.stringify(name)}; ${nearest ? `did you mean ${nearest}?` : `known: ${this.known()}`}`,
    );
  }

  /** A run that was named by its folder. */
  at(dir: string): RunFolder {
    return this.find(nameOf(path.resolve(dir)));
  }

  /** What {@link find} finds it by. */
  nameOf(run: RunFolder): string {
    for (const [name, named] of this.named) if (named.dir === run.dir) return name;
    return nameOf(path.resolve(run.dir));
  }

  private known(): string {
    const names = this.names();
    return names.length > 8
      ? `${names.slice(0, 8).join(", ")}, … (${names.length} in all)`
      : names.join(", ") || "none";
  }
}

function nameOf(dir: string): string {
  return dir.split(path.sep).slice(-2).join("/");
}
