type Child = Node | string | null;

/** A new element. Attributes that are undefined are left out; `on…` names take no strings here, listeners are added apart. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value);
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

/** A button that does something. */
export function button(
  label: Child,
  onClick: () => void,
  attributes: Record<string, string | undefined> = {},
) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

/** A list to choose from, by position. */
export function choice(
  label: string,
  names: readonly string[],
  chosen: number,
  onChoose: (position: number) => void,
): HTMLSelectElement {
  const made = element("select", { "aria-label": label });
  names.forEach((name, i) => {
    made.append(element("option", { value: String(i) }, name));
  });
  made.value = String(chosen);
  made.addEventListener("change", () => onChoose(Number(made.value)));
  return made;
}

/** A box to tick with its text. */
export function tick(label: string, onChange: (ticked: boolean) => void): HTMLLabelElement {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => onChange(box.checked));
  return element("label", {}, box, label);
}

/** A number with its sign, to three places. */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

/** A background that says by its colour and strength how much a share is of the largest. */
export function tint(value: number, largest: number): string {
  const strength = Math.round(Math.min(1, Math.abs(value) / (largest || 1)) * 50);
  return `background:color-mix(in srgb, var(${value >= 0 ? "--live-plus" : "--live-minus"}) ${strength}%, transparent)`;
}

/** A whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString("en");
}
