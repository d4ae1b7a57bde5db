import { button, choice, element, tick } from "./dom-elements.js";
import { type CardLook, LabelCard } from "./label-card.js";
import { LabelMap } from "./label-map.js";
import { LabelPanel } from "./label-panel.js";
import { askServer, LabelRefusal } from "./label-server.js";
import type { LabelCounters, LabelMeasured, LabelQuestion, LabelState } from "./label-shapes.js";

/** The page of `qdrl label`: asks, sends answers, and shows how the model moves. */
export class LabelView {
  private readonly panel = new LabelPanel(() => {
    void this.work("Measuring", () => this.showWorth(true));
  });
  private readonly map = new LabelMap();
  private readonly questions = element("div", { "aria-label": "Questions" });
  private readonly tools: HTMLButtonElement[];
  private cards: LabelCard[] = [];
  private active = 0;
  private busy = false;
  private counters: LabelCounters;
  private look: CardLook = { field: "text", style: "auto" };
  private readonly wanted: {
    choice: string;
    start: number;
    perView: number;
    keep: boolean;
    candidates: number;
    epochs: number;
    pool: number | null;
    saveTo: string;
  };

  constructor(
    root: HTMLElement,
    private readonly status: HTMLElement,
    state: LabelState,
  ) {
    const { settings } = state;
    this.counters = state.counters;
    this.wanted = {
      ...{
        choice: settings.choice,
        start: 0,
        perView: 1,
        keep: false,
        candidates: Math.min(9, settings.candidates),
      },
      ...{ epochs: settings.epochs, pool: settings.pool, saveTo: "tuned-model" },
    };
    const submit = button("Submit (space)", () => void this.submit(), { class: "label-submit" });
    this.tools = [
      submit,
      button("Invert (i)", () => this.card?.invert()),
      button("Ignore (x)", () => void this.ignore()),
      button("Undo (u)", () => void this.undo()),
      button("Save", () => void this.save()),
    ];
    root.replaceChildren(
      element(
        "div",
        { class: "label-columns" },
        element(
          "div",
          {},
          element(
            "p",
            { class: "live-quiet" },
            `Run ${state.run}. Which of these documents answer the question?`,
          ),
          this.questions,
          element("div", { class: "label-tools" }, ...this.tools),
          element(
            "p",
            { class: "label-keys" },
            element("kbd", {}, "0"),
            " … ",
            element("kbd", {}, "8"),
            " mark a document positive; those not marked are negative. Every answer trains the model before the next question.",
          ),
        ),
        element("aside", { "aria-label": "Model" }, this.panel.root, this.map.root, this.settings(state)),
      ),
    );
    document.addEventListener("keydown", (event) => this.pressed(event));
    void this.work("Asking", async () => {
      await this.ask();
      return this.follow();
    });
  }

  private get card(): LabelCard | undefined {
    return this.cards[this.active];
  }

  private pressed(event: KeyboardEvent): void {
    const on = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(on.tagName))
      return;
    // what a focused button or summary does with the space bar is its own; on a candidate, enter marks it
    if (event.key === " " && on.matches("button:not(.label-candidate), summary")) return;
    if (/^[0-8]$/.test(event.key)) this.card?.toggle(Number(event.key));
    else if (event.key === " ") void this.submit();
    else if (event.key === "i") this.card?.invert();
    else if (event.key === "x") void this.ignore();
    else if (event.key === "u") void this.undo();
    else return;
    event.preventDefault();
  }

  private submit(): Promise<void> {
    return this.send((card) => card.answer());
  }

  private ignore(): Promise<void> {
    return this.send((card) => card.ignored());
  }

  private send(make: (card: LabelCard) => object): Promise<void> {
    const { card } = this;
    if (!card) return Promise.resolve();
    return this.work("Training", async () => {
      this.counters = await askServer("/fit", { documents: [make(card)], epochs: this.wanted.epochs });
      this.active++;
      if (this.wanted.keep || this.active >= this.cards.length)
        await this.ask(this.wanted.keep ? card.question.id : undefined);
      else this.draw();
      return this.follow();
    });
  }

  private undo(): Promise<void> {
    return this.work("Taking back", async () => {
      const { undone } = await askServer<{ undone: string[] }>("/undo", {});
      this.counters = (await askServer<LabelState>("/state")).counters;
      await this.ask(undone[0]);
      await this.follow();
      return undone.length === 0 ? "There is no answer to take back." : "";
    });
  }

  private save(): Promise<void> {
    return this.work("Saving", async () => {
      const { saved } = await askServer<{ saved: string }>("/save", { model_path: this.wanted.saveTo });
      this.counters = (await askServer<LabelState>("/state")).counters;
      this.draw();
      return `Saved as the run ${saved}.`;
    });
  }

  /** The next questions, or one again. */
  private async ask(question?: string): Promise<string> {
    const { start, perView, candidates: topk, choice, pool } = this.wanted;
    const end = start + (question === undefined ? perView : 1);
    const first = question === undefined ? start : 0;
    const { questions } = await askServer<{ questions: LabelQuestion[] }>("/next", {
      ...{ start: first, end: question === undefined ? end : 1, topk, choice, sample_size: pool },
      ...(question !== undefined && { question }),
    });
    this.cards = questions.map((each) => new LabelCard(each, this.look));
    this.active = 0;
    this.draw();
    return "";
  }

  private draw(): void {
    const { card, cards } = this;
    this.questions.replaceChildren(...cards.slice(this.active).map(({ root }) => root));
    cards.forEach(({ root }, i) => {
      root.dataset["active"] = i === this.active ? "yes" : "no";
      root.inert = i !== this.active;
    });
    if (!card) this.questions.append(element("p", {}, "Every question is answered."));
    this.panel.show(this.counters, { answered: this.active, of: cards.length });
  }

  /** What the model is worth and where documents lie now; the question can be answered meanwhile. */
  private async follow(): Promise<string> {
    const { ids, positions } = await askServer<{ ids: string[]; positions: number[] }>("/map");
    this.map.update(ids, positions);
    this.map.mark((this.card?.question.matches ?? []).map(({ id, text }) => ({ id, label: text ?? id })));
    return this.showWorth(false);
  }

  private async showWorth(fresh: boolean): Promise<string> {
    const found = await askServer<LabelMeasured | null>(`/measures?fresh=${fresh}`);
    this.panel.measured(found, this.counters.done);
    return "";
  }

  /** One thing at a time, with its name on the page while it lasts. */
  private async work(name: string, task: () => Promise<string>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.tell(`${name} …`, "busy");
    try {
      this.tell(await task(), "");
    } catch (error) {
      const refused = error instanceof LabelRefusal;
      this.tell(refused ? error.message : "The server does not answer; answers given are kept.", "broken");
    } finally {
      this.busy = false;
    }
  }

  private tell(text: string, kind: string): void {
    this.status.textContent = text;
    this.status.dataset["kind"] = kind;
    for (const tool of this.tools) tool.disabled = kind === "busy";
  }

  private settings({ choices }: LabelState): HTMLElement {
    const { wanted } = this;
    const number = (
      name: string,
      value: number | null,
      least: number,
      most: number,
      set: (value: number) => void,
    ) => {
      const input = element("input", {
        ...{ type: "number", min: String(least), max: String(most) },
        value: value === null ? "" : String(value),
      });
      input.addEventListener("change", () => {
        const typed = input.valueAsNumber;
        if (Number.isInteger(typed) && typed >= least && typed <= most) set(typed);
        else input.value = value === null ? "" : String(value);
      });
      return element("label", {}, name, input);
    };
    const listed = (name: string, values: readonly string[], value: string, set: (value: string) => void) =>
      element(
        "label",
        {},
        name,
        choice(name, values, values.indexOf(value), (at) => set(values[at]!)),
      );
    const again = () => void this.work("Asking", () => this.ask());
    const saveTo = element("input", { value: wanted.saveTo, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*" });
    saveTo.addEventListener("change", () => {
      if (saveTo.reportValidity()) wanted.saveTo = saveTo.value;
    });
    const field = element("input", { value: "text" });
    field.addEventListener("change", () => {
      this.look = { ...this.look, field: field.value.replace(/^tags\./, "") || "text" };
      again();
    });
    return element(
      "details",
      { class: "label-settings" },
      element("summary", {}, "Settings"),
      listed("Next question", choices, wanted.choice, (value) => {
        wanted.choice = value;
        again();
      }),
      element("label", {}, "Field shown: text, uri or a tag", field),
      listed("Cards", ["auto", "text", "image"], "auto", (value) => {
        this.look = { ...this.look, style: value as CardLook["style"] };
        again();
      }),
      number("Start question", wanted.start, 0, 1e9, (value) => {
        wanted.start = value;
        again();
      }),
      number("Questions a view", wanted.perView, 1, 9, (value) => {
        wanted.perView = value;
        again();
      }),
      tick("Keep the same question", (ticked) => {
        wanted.keep = ticked;
      }),
      number("Candidates a question", wanted.candidates, 1, 9, (value) => {
        wanted.candidates = value;
        again();
      }),
      number("Epochs an answer", wanted.epochs, 0, 1000, (value) => {
        wanted.epochs = value;
      }),
      number("Match pool (empty: all)", wanted.pool, 2, 1e9, (value) => {
        wanted.pool = value;
        again();
      }),
      element("label", {}, "Save as", saveTo),
    );
  }
}
