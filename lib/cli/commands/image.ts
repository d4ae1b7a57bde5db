import type { Command } from "commander";
import { z } from "zod";
import { BUILDERS, buildImage, pushImage } from "../../cluster/container-image.js";
import { compiledFolder } from "../../files/package-files.js";
import { UserError } from "../../files/user-error.js";
import { checkFlags } from "../flags.js";

/** `qdrl image build|push`. */
export function addImageCommands(program: Command): void {
  const image = program
    .command("image")
    .description("container images of this workspace, for engines that run containers");
  image
    .command("build")
    .description("build an image from tools/containers")
    .option("--name <name>", "with its tag (or CONTAINER_IMAGE_URI)")
    .option("--kind <kind>", "cpu or cuda", "cpu")
    .option("--builder <name>", `${BUILDERS.join(", ")} (default: the first that works)`)
    .option("--base <image>", "instead of the base that the file names")
    .action(async (typed: { name?: string; kind: string; builder?: string; base?: string }) => {
      if (compiledFolder() !== null)
        throw new UserError("image build: must be called in the workspace, got the installed package");
      const flags = checkFlags(typed, {
        kind: z.enum(["cpu", "cuda"]),
        builder: z.enum(BUILDERS).optional(),
      });
      await buildImage({ ...flags, name: nameOf(flags.name), builder: flags.builder ?? null });
    });
  image
    .command("push")
    .description("send an image to the registry that its name begins with")
    .option("--name <name>", "with its tag (or CONTAINER_IMAGE_URI)")
    .option("--builder <name>", `${BUILDERS.join(", ")} (default: the first that works)`)
    .action(async (typed: { name?: string; builder?: string }) => {
      const flags = checkFlags(typed, { builder: z.enum(BUILDERS).optional() });
      await pushImage(nameOf(flags.name), flags.builder ?? null);
    });
}

function nameOf(given: string | undefined): string {
  const name = given ?? process.env["CONTAINER_IMAGE_URI"];
  if (!name) throw new UserError("image: needs --name or CONTAINER_IMAGE_URI, got none");
  return name;
}
