// The AssemblyScript compiler, without its types: they declare AssemblyScript's own `console` and `WebAssembly` for
// the whole program, and hide Node's in every file that tsc checks together with an importer.

/**
 * Compiles AssemblyScript in memory.
 *
 * @param {string[]} args  of the command asc, the entry file first
 * @param {(name: string) => string | null} readFile
 * @returns {Promise<Uint8Array>} the module
 * @throws Error with the compiler's messages
 */
export async function compileAssemblyScript(args, readFile) {
  const name = "assemblyscript/asc";
  const { default: asc } = await import(name);
  let binary = null;
  let messages = "";
  const { error } = await asc.main([...args, "--outFile", "out.wasm"], {
    readFile,
    writeFile: (file, content) => {
      if (file.endsWith(".wasm")) binary = content;
    },
    listFiles: () => [],
    stdout: { write: () => {} },
    stderr: { write: (text) => void (messages += text) },
  });
  if (error || binary === null) throw new Error(`${args[0]}: ${error?.message ?? "no module"}\n${messages}`);
  return binary;
}
