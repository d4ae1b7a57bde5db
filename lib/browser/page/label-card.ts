import { button, element } from "./dom-elements.js";
import type { LabelDocument, LabelQuestion } from "./label-shapes.js";

/** What of a document its card shows. */
export interface CardLook {
  /** "text", "uri", or the name of a tag */
  field: string;
  /** auto: the picture where there is one */
  style: "auto" | "text" | "image";
}

/** A question with its candidates, to be answered by keys or clicks. */
export class LabelCard {
  readonly root: HTMLElement;
  private readonly chosen = new Set<number>();
  private readonly buttons: HTMLButtonElement[];

  constructor(
    readonly question: LabelQuestion,
    look: CardLook,
  ) {
    this.buttons = question.matches.map((match, i) => {
      const made = button(element("kbd", {}, String(i)), () => this.toggle(i), {
        class: "label-candidate",
        "aria-pressed": "false",
      });
      made.append(
        element("span", {}, ...content(match, look)),
        element("span", { class: "label-cosine" }, `cosine ${match.scores.cosine.toFixed(2)}`),
      );
      return made;
    });
    this.root = element(
      "section",
      { class: "label-view", "aria-label": "Question" },
      element("div", { class: "label-question" }, ...content(question, look)),
      element("ul", { class: "label-candidates" }, ...this.buttons.map((made) => element("li", {}, made))),
    );
  }

  /** Marks a candidate positive, or no longer. */
  toggle(at: number): void {
    const made = this.buttons[at];
    if (!made) return;
    if (!this.chosen.delete(at)) this.chosen.add(at);
    made.setAttribute("aria-pressed", String(this.chosen.has(at)));
  }

  invert(): void {
    for (let at = 0; at < this.buttons.length; at++) this.toggle(at);
  }

  /** The question as answered: toggled candidates positive, all others negative. */
  answer(): object {
    const { question, chosen } = this;
    return {
      id: question.id,
      matches: question.matches.map(({ id }, at) => ({
        id,
        tags: { finetuner_label: chosen.has(at) ? 1 : -1 },
      })),
    };
  }

  /** The question without labels. */
  ignored(): object {
    return { id: this.question.id, matches: [] };
  }
}

function content(shown: LabelDocument, { field, style }: CardLook): (Node | string)[] {
  const parts: (Node | string)[] = [];
  const picture = style !== "text" && shown.uri !== undefined;
  if (picture) parts.push(element("img", { class: "label-picture", src: shown.uri, alt: "" }));
  const text = field === "text" ? shown.text : field === "uri" ? shown.uri : textOf(shown.tags?.[field]);
  if (style !== "image" || !picture) parts.push(text ?? shown.text ?? shown.id);
  return parts;
}

function textOf(tag: unknown): string | undefined {
  return tag === undefined || tag === null ? undefined : String(tag);
}
