import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { cleaningOf } from "../../tokenizer/text-cleaning.js";
import { typoModelNames } from "../../typos/create-typos.js";
import type { LiveHit, LivePlace, LiveSystem } from "../live-system.js";
import { misspellWords } from "../misspell.js";
import { button, choice, count, element, tick } from "./dom-elements.js";
import { comparisonTable, explanationView } from "./explanation-view.js";
import { documentLabel, type PageContext } from "./page-context.js";

const SHOWN = 10;
/** Documents offered by name while one types a name. */
const MOST_OFFERED = 3000;
const QUIET_MS = 60;

/** What one system answered last. */
interface Answer {
  system: LiveSystem;
  hits: LiveHit[];
  /** where the other system has each hit */
  elsewhere: (LivePlace | null)[];
}

/** A search box over two systems side by side, with typing errors, reasons and "why not this one?". */
export class SearchView {
  private readonly input = element("input", {
    type: "search",
    class: "live-query",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search the documents of this report",
    placeholder: "Search the documents of this report",
  });
  private readonly asked = element("p", { class: "live-asked", "aria-live": "polite" });
  private readonly time = element("span", { class: "live-time" });
  private readonly lists = [element("ol", { class: "live-list" }), element("ol", { class: "live-list" })];
  private readonly why = element("div");
  private readonly whyNot = element("div");
  private readonly wanted = element("input", {
    list: "live-names",
    class: "live-wanted",
    "aria-label": "Name of a document that you expected",
    placeholder: "A document that you expected",
  });
  private readonly fidelity = element("p", { class: "live-note" });
  private readonly chosen: number[];
  private misspelled = false;
  private probability = 0.5;
  private model = "qwerty";
  private seed = 1;
  private text = "";
  private answers: Answer[] = [];
  private focus: number | null = null;
  /** whether the focus was chosen; else it follows the best result */
  private isChosen = false;
  /** counts searches, so that answers to older ones are dropped */
  private turn = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: HTMLElement,
    private readonly context: PageContext,
  ) {
    const { systems, payload } = context;
    this.chosen = [0, Math.min(1, systems.length - 1)];
    const { examples, left } = payload.search!;
    root.replaceChildren(
      element("div", { class: "live-bar" }, this.input, this.tools()),
      element(
        "div",
        { class: "live-chips", role: "group", "aria-label": "Examples" },
        ...examples.map((example) => button(example, () => this.ask(example), { class: "live-chip" })),
      ),
      element("div", { class: "live-two" }, ...[0, 1].map((side) => this.column(side))),
      this.fidelity,
      ...left.map(({ name, why }) =>
        element("p", { class: "live-note" }, `Not in this page: ${name} (${why}).`),
      ),
      element("h3", {}, "Why is it here?"),
      this.why,
      element("h3", {}, "Why not this one?"),
      element("p", {}, this.wanted, this.names()),
      this.whyNot,
    );
    this.input.addEventListener("input", () => void this.search());
    this.wanted.addEventListener("input", () => void this.drawWhyNot());
    context.selection.listen((documents, source) => {
      if (source !== this && documents.length === 1) void this.show(documents[0]!);
    });
    this.stateFidelity();
    this.ask(examples[0] ?? "");
  }

  /** Puts a query into the box and searches. */
  ask(text: string): void {
    this.input.value = text;
    this.isChosen = false;
    void this.search();
  }

  private tools(): HTMLElement {
    const models = typoModelNames().filter((name) => name !== "real");
    const shown = element("span", {}, "50 %");
    const range = element("input", {
      ...{ type: "range", min: "0", max: "100", step: "5", value: "50" },
      "aria-label": "Probability of an error per word",
    });
    range.addEventListener("input", () => {
      this.probability = Number(range.value) / 100;
      shown.textContent = `${range.value} %`;
      void this.search();
    });
    const onTick = tick("misspell", (ticked) => {
      this.misspelled = ticked;
      void this.search();
    });
    return element(
      "div",
      { class: "live-tools" },
      onTick,
      element("label", {}, range, shown),
      choice("Kind of typing error", models, models.indexOf(this.model), (position) => {
        this.model = models[position]!;
        void this.search();
      }),
      button("other errors", () => {
        this.seed++;
        this.misspelled = true;
        onTick.querySelector("input")!.checked = true;
        void this.search();
      }),
      this.time,
    );
  }

  private column(side: number): HTMLElement {
    const { systems } = this.context;
    const names = systems.map(({ name }) => name);
    return element(
      "div",
      {},
      element(
        "p",
        { class: "live-head" },
        element("span", { class: `live-dot side-${side}`, "aria-hidden": "true" }),
        choice(side === 0 ? "First system" : "Second system", names, this.chosen[side]!, (position) => {
          this.chosen[side] = position;
          this.stateFidelity();
          void this.search();
        }),
      ),
      this.lists[side]!,
    );
  }

  private names(): HTMLElement {
    const { names } = this.context.payload.corpus;
    return element(
      "datalist",
      { id: "live-names" },
      ...names.slice(0, MOST_OFFERED).map((name) => element("option", { value: name })),
    );
  }

  private stateFidelity(): void {
    const shown = [...new Set(this.chosen)].map((position) => this.context.systems[position]!);
    this.fidelity.textContent = shown.map(({ name, fidelity }) => `${name}: ${fidelity}.`).join(" ");
  }

  private async search(): Promise<void> {
    const turn = ++this.turn;
    try {
      await this.searchAs(turn);
    } catch (error) {
      // only a server fails: what a page carries always answers
      if (turn === this.turn) this.time.textContent = `no answer: ${(error as Error).message}`;
    }
  }

  private async searchAs(turn: number): Promise<void> {
    const started = performance.now();
    const typed = this.input.value.trim();
    const cleaned = cleanPhrase(typed) === "" ? cleaningOf("unicode").clean(typed) : cleanPhrase(typed);
    this.text = this.misspelled ? misspellWords(cleaned, this.probability, this.seed, this.model) : typed;
    const { text } = this;
    const systems = this.chosen.map((position) => this.context.systems[position]!);
    const found = await Promise.all(systems.map((system) => system.search(text, SHOWN)));
    const places = await Promise.all(
      systems.map((_, side) =>
        systems[1 - side]!.places(
          text,
          found[side]!.map(({ id }) => id),
        ),
      ),
    );
    if (turn !== this.turn) return;
    this.answers = systems.map((system, side) => ({
      system,
      hits: found[side]!,
      elsewhere: places[side]!,
    }));
    this.drawLists();
    this.showAsked(cleaned);
    const elapsed = performance.now() - started;
    const documents = this.context.payload.corpus.ids.length;
    this.time.textContent =
      text === "" ? "" : `2 × ${count(documents)} documents ranked in ${elapsed.toFixed(1)} ms`;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      if (!this.isChosen) this.focus = this.answers[1]?.hits[0]?.id ?? this.answers[0]?.hits[0]?.id ?? null;
      void this.drawWhy();
      void this.drawWhyNot();
      const shown = this.answers.flatMap(({ hits }) => hits.map(({ id }) => id));
      this.context.selection.set(shown, this);
    }, QUIET_MS);
  }

  private showAsked(cleaned: string): void {
    this.asked.remove();
    if (!this.misspelled || cleaned === "") return;
    const before = cleaned.split(" ");
    this.asked.replaceChildren("searched as: ");
    this.text.split(" ").forEach((word, place) => {
      const same = word === before[place];
      this.asked.append(same ? word : element("mark", { title: before[place] }, word), " ");
    });
    this.input.after(this.asked);
  }

  private drawLists(): void {
    this.answers.forEach(({ system, hits, elsewhere }, side) => {
      const list = this.lists[side]!;
      if (hits.length === 0) {
        const why = this.text === "" ? "Type something." : "No document shares a token with the query.";
        list.replaceChildren(element("li", { class: "live-quiet" }, why));
        return;
      }
      const most = system.mostScore ?? Math.max(1e-9, hits[0]!.score);
      const rows = hits.map((hit, place) => this.row(hit, place, elsewhere[place] ?? null, most));
      list.replaceChildren(...rows);
    });
  }

  private row({ id, score }: LiveHit, place: number, other: LivePlace | null, most: number): HTMLElement {
    const same = this.chosen[0] === this.chosen[1];
    const made = button(documentLabel(this.context.payload, id), () => void this.show(id), {
      class: "live-hit",
      "aria-pressed": String(id === this.focus),
      "data-document": String(id),
    });
    if (!same) made.append(element("span", { class: "live-move" }, movement(place + 1, other)));
    made.append(element("span", { class: "live-score" }, score.toFixed(3)));
    const width = Math.max(2, (100 * Math.max(0, score)) / most);
    made.append(element("i", { style: `width:${width.toFixed(1)}%`, "aria-hidden": "true" }));
    return element("li", {}, made);
  }

  /** Explains a document. */
  private async show(id: number): Promise<void> {
    this.focus = id;
    this.isChosen = true;
    for (const list of this.lists)
      for (const hit of list.querySelectorAll(".live-hit"))
        hit.setAttribute("aria-pressed", String(hit.getAttribute("data-document") === String(id)));
    this.context.selection.set([id], this);
    await this.drawWhy();
  }

  private async drawWhy(): Promise<void> {
    const { focus, text, turn } = this;
    if (focus === null || text === "") {
      this.why.replaceChildren(
        element(
          "p",
          { class: "live-quiet" },
          "Choose a result to see which piece of the query brought it here.",
        ),
      );
      return;
    }
    const parts = await this.perSystem(async (system) => {
      const [[place], explanation] = await Promise.all([
        system.places(text, [focus]),
        system.explain(text, focus),
      ]);
      const where = place
        ? ` · rank ${count(place.rank)} · ${place.score.toFixed(3)}`
        : " · not found: it shares no token with the query";
      return element(
        "div",
        {},
        element("h5", {}, system.name, element("span", { class: "live-quiet" }, where)),
        explanationView(explanation),
      );
    });
    if (turn !== this.turn || focus !== this.focus) return;
    const title = element("h4", {}, documentLabel(this.context.payload, focus));
    this.why.replaceChildren(title, element("div", { class: "live-two" }, ...parts));
  }

  private async drawWhyNot(): Promise<void> {
    const name = this.wanted.value;
    const id = name === "" ? -1 : await this.context.systems[this.chosen[0]!]!.find(name);
    if (name !== this.wanted.value) return;
    if (name === "" || id < 0 || this.text === "") {
      const hint =
        name === "" || this.text === ""
          ? "Name a document that you missed."
          : "No document has exactly that name.";
      this.whyNot.replaceChildren(element("p", { class: "live-quiet" }, hint));
      return;
    }
    const { text, turn } = this;
    const parts = await this.perSystem((system) => this.reason(system, text, id));
    if (turn === this.turn) this.whyNot.replaceChildren(element("div", { class: "live-two" }, ...parts));
  }

  /** Why a document is not among the first results of a system, compared with the first one. */
  private async reason(system: LiveSystem, text: string, id: number): Promise<HTMLElement> {
    const { corpus } = this.context.payload;
    const [[place], hits] = await Promise.all([system.places(text, [id]), system.search(text, SHOWN)]);
    const first = hits[0];
    const last = hits.at(-1);
    const box = element("div", {}, element("h4", {}, system.name));
    const say = (sentence: string) => box.append(element("p", {}, sentence));
    if (!place || !first || !last) {
      say("No token of the query occurs in it, so this system cannot find it at all.");
      return box;
    }
    if (place.rank <= SHOWN) say(`Rank ${place.rank}: it is among the first ${SHOWN}.`);
    else
      say(
        `Rank ${count(place.rank)} of ${count(corpus.ids.length)}: ${(last.score - place.score).toFixed(3)} short of rank ${hits.length}, ${corpus.names[last.id]}.`,
      );
    if (first.id === id) return box;
    const [mine, theirs] = await Promise.all([system.explain(text, id), system.explain(text, first.id)]);
    box.append(
      comparisonTable(
        { name: corpus.names[id]!, explanation: mine },
        { name: corpus.names[first.id]!, explanation: theirs },
      ),
    );
    return box;
  }

  private perSystem(make: (system: LiveSystem) => Promise<HTMLElement>): Promise<HTMLElement[]> {
    const systems = new Set(this.chosen.map((position) => this.context.systems[position]!));
    return Promise.all([...systems].map(make));
  }
}

/** Where the other system has a document. */
function movement(rank: number, other: LivePlace | null): string {
  if (other === null) return "other: not found";
  if (other.rank === rank) return "other: same";
  return `other: ${count(other.rank)}`;
}
