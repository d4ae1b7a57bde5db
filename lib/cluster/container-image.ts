import { spawn, spawnSync } from "node:child_process";
import { packageFile } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";

/** Builders of images that take the same words, in the order in which they are looked for. */
export const BUILDERS = ["docker", "podman", "buildah"] as const;
export type Builder = (typeof BUILDERS)[number];

export interface ImageOptions {
  /** with its tag, such as europe-docker.pkg.dev/project/qdrl:1 */
  name: string;
  /** which of tools/containers: processors alone, or NVIDIA's accelerators too */
  kind: "cpu" | "cuda";
  /** null: the first that is installed */
  builder?: Builder | null;
  /** Image to start from instead of the Dockerfile's. */
  base?: string | null;
}

/** The command line that builds an image from the workspace. */
export function buildCommand(builder: Builder, { name, kind, base }: ImageOptions): string[] {
  const verb = builder === "buildah" ? ["bud", "--layers"] : ["build"];
  const argument = base ? ["--build-arg", `BASE=${base}`] : [];
  const file = packageFile(`tools/containers/${kind}.Dockerfile`);
  return [builder, ...verb, ...argument, "--file", file, "--tag", name, packageFile(".")];
}

/** Builds an image. @throws UserError without a builder, or if it fails */
export async function buildImage(options: ImageOptions): Promise<void> {
  await runCommand(buildCommand(options.builder ?? installedBuilder(), options));
}

/** Sends an image to the registry that its name begins with. @throws UserError if that fails */
export async function pushImage(name: string, builder: Builder | null = null): Promise<void> {
  await runCommand([builder ?? installedBuilder(), "push", name]);
}

/** Docker's client alone cannot build: its server must answer. */
function installedBuilder(): Builder {
  const works = (builder: Builder) =>
    spawnSync(builder, ["info"], { stdio: "ignore", timeout: 20_000 }).status === 0;
  const found = BUILDERS.find(works);
  if (found === undefined)
    throw new UserError(
      `image: needs ${BUILDERS.join(", ")} that works (its "info" must succeed), found none`,
    );
  return found;
}

async function runCommand([command, ...args]: string[]): Promise<void> {
  process.stderr.write(`${[command, ...args].join(" ")}\n`);
  const child = spawn(command!, args, { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", () => reject(new UserError(`image: needs ${command}, which is not installed`)));
    child.once("close", resolve);
  });
  if (code !== 0) throw new UserError(`${command} ${args[0]}: must succeed, got exit code ${code}`);
}
