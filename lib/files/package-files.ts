import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Folder of the compiled package; null: this is the workspace, whose TypeScript runs as it stands. */
let compiled: string | null = null;

/**
 * Tells lib that it runs compiled, from this folder (an installed package), and not as TypeScript from the root of
 * the workspace. The package's entries call it before anything else.
 */
export function runsCompiled(folder: string): void {
  compiled = folder;
}

/** The folder that {@link runsCompiled} named, else null. */
export function compiledFolder(): string | null {
  return compiled;
}

/**
 * A file of the project's own that is read at run time, such as "lib/engine/kernels/private.wasm": in the
 * compiled package, else in the workspace, which is the working folder.
 *
 * @param name  relative to the root
 * @returns its absolute path
 */
export function packageFile(name: string): string {
  return resolve(compiled ?? ".", name);
}

/** {@link packageFile} of a module, named as TypeScript; in the compiled package it is JavaScript. */
export function moduleFile(name: string): string {
  return packageFile(compiled === null ? name : name.replace(/\.ts$/, ".js"));
}

/**
 * Where an npm package is installed, as Node would look for it: in the nearest node_modules upwards from the project's
 * own files.
 *
 * @param path  a package, or a file in one
 * @returns an absolute path; below the root's own node_modules where there is no such thing
 */
export function dependencyPath(path: string): string {
  const root = resolve(compiled ?? ".");
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", path);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return join(root, "node_modules", path);
  }
}
