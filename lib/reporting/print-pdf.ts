import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { atomicWriteFile } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import { BROWSER_ARGUMENTS, findChromium } from "./static-image.js";

/**
 * Prints a report page to an A4 PDF in a headless browser, once its figures are drawn; nothing is requested from outside.
 *
 * @returns the file's name
 * @throws UserError where Chromium or playwright-core is not there
 */
export async function printPdf(page: string, file: string): Promise<string> {
  const browser = findChromium();
  if (browser === null)
    throw new UserError("--pdf: Chromium must be installed (apt-get install chromium), found none");
  const playwright = await import("playwright-core").catch(() => null);
  if (playwright === null)
    throw new UserError("--pdf: playwright-core must be installed (npm ci), found none");
  const folder = mkdtempSync(join(tmpdir(), "qdrl-pdf-"));
  try {
    const context = await playwright.chromium
      .launchPersistentContext(folder, { executablePath: browser, headless: true, args: BROWSER_ARGUMENTS })
      .catch((error: Error) => {
        throw new UserError(`--pdf: ${browser} must start, got: ${error.message.split("\n")[0]}`);
      });
    const tab = context.pages()[0] ?? (await context.newPage());
    await tab.goto(pathToFileURL(resolve(page)).href);
    await tab.emulateMedia({ media: "print", colorScheme: "light" });
    await tab.waitForFunction(
      "[...document.querySelectorAll('.plot')].every((plot) => plot.dataset.state || plot.closest('details:not([open])'))",
      undefined,
      { timeout: 60_000 },
    );
    const pdf = await tab.pdf({ format: "A4", printBackground: true });
    await context.close();
    atomicWriteFile(file, pdf);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
