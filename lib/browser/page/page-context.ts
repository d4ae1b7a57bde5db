import type { LiveSystem } from "../live-system.js";
import type { Payload } from "../payload.js";
import type { PayloadBytes } from "../payload-bytes.js";
import { element } from "./dom-elements.js";

/** What the parts of a page share. */
export interface PageContext {
  payload: Payload;
  bytes: PayloadBytes;
  systems: readonly LiveSystem[];
  /** Told of documents that one part points at, so that others can show them; the first is the one in focus. */
  selection: Selection;
}

/** Documents pointed at, and who wants to know. */
export class Selection {
  private readonly listeners: ((documents: readonly number[], source: object) => void)[] = [];

  listen(listener: (documents: readonly number[], source: object) => void): void {
    this.listeners.push(listener);
  }

  set(documents: readonly number[], source: object): void {
    for (const listener of this.listeners) listener(documents, source);
  }
}

/** A document's name with the picture or characters that show it. */
export function documentLabel({ corpus }: Payload, document: number): HTMLElement {
  const picture = corpus.pictures?.[document];
  const glyph = corpus.glyphs?.[document];
  const label = element("span", { class: "live-name" });
  if (picture) label.append(element("img", { class: "live-picture", src: picture, alt: "" }));
  else if (glyph) label.append(element("span", { class: "live-glyph", "aria-hidden": "true" }, glyph));
  label.append(corpus.names[document]!);
  return label;
}
