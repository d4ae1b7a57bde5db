// The AssemblyScript compiler, without its types: they declare AssemblyScript's own `console` and `WebAssembly` for
// the whole program, and hide Node's in every file that tsc checks together with an importer.

/**
 * @param {string[]} args  of the command asc
 * @param {object} [options]  readFile, writeFile, …
 * @returns {Promise<{error: Error | null}>}
 */
export async function compileAssemblyScript(args, options) {
  const name = "assemblyscript/asc";
  const { default: asc } = await import(name);
  return asc.main(args, options);
}
