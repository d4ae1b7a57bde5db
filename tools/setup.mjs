#!/usr/bin/env node
// Sets the workspace up: `npm run setup`, and called by the start, test and notebook scripts. Does only what is
// missing and says what it does. No dependencies, and (until the version is checked) no new syntax.
//   node tools/setup.mjs [--chromium] [--no-jupyter]
import { pathToFileURL } from "node:url";
import { nodeVersionProblem } from "./setup/node-version.mjs";

/**
 * Makes sure that what a script needs is there; quick (well under a second) when it is.
 * Ends the process with one clear line where Node or the npm packages cannot be had. Jupyter and Chromium can
 * be missing: the result then says so and why has been printed.
 *
 * @param {{jupyter?: boolean, chromium?: boolean, again?: boolean}} [options]
 *   again: also try what could not be done the last time
 * @returns {Promise<{jupyter: null | {python: string, source: string, lab: boolean}, chromium: null | string}>}
 */
export async function ensure(options) {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem) {
    console.error(problem);
    process.exit(1);
  }
  const steps = await import("./setup/steps.mjs");
  return steps.runSteps(options || {});
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => flag !== "--chromium" && flag !== "--no-jupyter");
  if (unknown) {
    console.error('setup: unknown option "' + unknown + '"; known: --chromium, --no-jupyter');
    process.exit(1);
  }
  const wanted = {
    jupyter: !flags.includes("--no-jupyter"),
    chromium: flags.includes("--chromium"),
    again: true,
  };
  ensure(wanted).then((found) => {
    console.log("set-up: ready");
    if (wanted.jupyter && !found.jupyter) process.exitCode = 1;
  });
}
