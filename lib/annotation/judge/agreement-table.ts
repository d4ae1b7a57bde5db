import type { Agreement } from "../../metrics/cohen-kappa.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { JudgesAgreement } from "./agreement.js";

/** κ of each two judges, and of each with himself, with intervals over queries. */
export function agreementTable(found: readonly JudgesAgreement[]): Table {
  return plainTable(
    ["Judges", "Documents", "Same grade", "κ", "κ, quadratic weights"],
    found.map(({ judges: [first, second], plain, weighted }) => [
      first === second ? `${first}, twice` : `${first}, ${second}`,
      String(plain.count),
      `${(100 * plain.equal).toFixed(1)} %`,
      kappaText(plain),
      kappaText(weighted),
    ]),
  );
}

function kappaText({ kappa, low, high }: Agreement): string {
  if (Number.isNaN(kappa)) return "–";
  const interval = Number.isNaN(low) ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return `${kappa.toFixed(2)}${interval}`;
}
