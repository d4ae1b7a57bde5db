import { main } from "../../lib/cli/main.js";

/** What a command says and its exit code, run in this process. */
export async function runCommand(
  ...argv: string[]
): Promise<{ code: number; said: string; errors: string[] }> {
  const { stdout, stderr } = process;
  const writes = [stdout.write, stderr.write] as const;
  let said = "";
  const listen = ((text: string | Uint8Array) => {
    said += String(text);
    return true;
  }) as typeof stdout.write;
  stdout.write = listen;
  stderr.write = listen;
  try {
    const code = await main(argv);
    return { code, said, errors: said.split("\n").filter((line) => line.startsWith("error: ")) };
  } finally {
    [stdout.write, stderr.write] = writes;
  }
}
