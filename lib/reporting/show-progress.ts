import { setDefaultListener } from "../engine/progress.js";
import { isNotebook } from "./display.js";
import { TerminalListener } from "./terminal.js";

/** From here on, whatever is called without a listener shows its progress: under the cell, or on the terminal's stderr. */
export function showProgress(): void {
  setDefaultListener(new TerminalListener(isNotebook() ? process.stdout : process.stderr));
}
