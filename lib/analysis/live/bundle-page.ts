import { moduleFile } from "../../files/package-files.js";

interface BundleOptions {
  globalName?: string;
  stemmers?: boolean;
}

const bundles = new Map<string, Promise<string>>();

/**
 * A module of lib and all that it stands on as one script for a browser, tfjs replaced by the few operations of
 * browser/plain-tensors.ts. Made once a process for equal arguments.
 *
 * @param entry       such as "lib/browser/page.ts"
 * @param options.globalName  name of a global with what the entry exports; default: none
 * @param options.stemmers    with snowball-stemmers, which is 330 kB
 * @throws Error if anything of Node, or a package that no page carries, can be reached from the entry
 */
export function bundleForBrowser(entry: string, options: BundleOptions = {}): Promise<string> {
  const key = JSON.stringify([entry, options]);
  let bundle = bundles.get(key);
  if (!bundle) {
    bundle = makeBundle(entry, options);
    bundles.set(key, bundle);
  }
  return bundle;
}

async function makeBundle(entry: string, { globalName, stemmers = false }: BundleOptions): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [moduleFile(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    ...(globalName === undefined ? {} : { globalName }),
    target: "es2022",
    platform: "browser",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    logOverride: { "import-is-undefined": "error" },
    alias: {
      "@tensorflow/tfjs": moduleFile("lib/browser/plain-tensors.ts"),
      ...(stemmers ? {} : { "snowball-stemmers": moduleFile("lib/browser/no-stemmers.ts") }),
    },
  });
  return outputFiles[0]!.text;
}
