import type { Payload } from "../../browser/payload.js";
import type { LiveContent } from "../../reporting/html-page.js";
import { bundleForBrowser } from "./bundle-page.js";
import { needsStemmers } from "./check-fidelity.js";
import { packedPayload } from "./page-bytes.js";

/** A payload and the script that brings it to life, for a page. */
export async function liveContent(payload: Payload, bytes: Uint8Array): Promise<LiveContent> {
  const script = await bundleForBrowser("lib/browser/page/page-entry.ts", {
    stemmers: needsStemmers(payload),
  });
  return { ...packedPayload(payload, bytes), script };
}
