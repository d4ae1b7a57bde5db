import { ownEntry } from "../files/own-entry.js";

const HTML_ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const LATEX_COMMANDS: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  "−": "$-$",
  "±": "$\\pm$",
  Δ: "$\\Delta$",
  τ: "$\\tau$",
  "†": "$^\\dagger$",
  "≈": "$\\approx$",
  "≤": "$\\leq$",
  "≥": "$\\geq$",
  "×": "$\\times$",
  "→": "$\\rightarrow$",
  "▲": "$\\uparrow$",
  "▼": "$\\downarrow$",
  "–": "--",
  "—": "---",
  "…": "\\ldots{}",
  "\n": " ",
};

/** Text made safe for HTML content and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]!);
}

/**
 * Text made safe for LaTeX: its ten special characters, the signs this workspace prints (−, ±, τ, Δ, …) as commands,
 * line breaks as spaces. Letters of other scripts pass through and need a Unicode engine (XeLaTeX, LuaLaTeX).
 */
export function escapeLatex(text: string): string {
  let result = "";
  for (const character of text) result += ownEntry(LATEX_COMMANDS, character) ?? character;
  return result;
}

/** Text made safe for one cell of a Markdown pipe table: pipes and markup are escaped, line breaks become `<br>`. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]|~]/g, (character) => "\\" + character)
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\r?\n/g, "<br>");
}

/** A value as JSON that can stand inside a `<script>` element: no `<`, no line separators that end a script line. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

/** Characters as an HTML id: lower-case letters and digits of any script, and single hyphens; "section" when nothing is left. */
export function htmlId(text: string): string {
  const id = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return id === "" ? "section" : id;
}
