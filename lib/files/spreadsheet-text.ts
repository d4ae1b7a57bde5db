/** Signs and digits as tables print them: a sign before them calls nothing. */
const NUMBERS = /^[-+]?[\d.,\s%±×†*[\]()/–−e+-]*$/;

/**
 * A text cell as a spreadsheet may open it: one that would be taken for a formula (`=`, `+`, `-`, `@`, tab or carriage return
 * first) gets a `'` before it, which spreadsheets show as text. Numbers with a sign stay numbers.
 *
 * @see OWASP, CSV injection
 */
export function spreadsheetText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !(/^[-+]/.test(text) && NUMBERS.test(text)) ? `'${text}` : text;
}
