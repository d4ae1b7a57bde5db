import { type DataExamination, type DataFinding, mendCommand, shown } from "../finding.js";
import { encodingFaults, mendText } from "../mend-text.js";

const plain = /^[\x20-\x7e]*$/;

/** Faults of encoding in queries and documents, one finding for each kind that is met. */
export const encoding: DataExamination = {
  name: "encoding",
  about:
    "mojibake, replacement, control and invisible characters, entities, Unicode not in normal form, mixed scripts",
  begin(settings) {
    const found = encodingFaults.map(() => ({ count: 0, examples: [] as string[] }));
    let texts = 0;
    return {
      text(text) {
        texts++;
        if (plain.test(text) && !text.includes("&")) return;
        encodingFaults.forEach(({ at: faultOf }, i) => {
          const at = faultOf(text);
          if (at === -1) return;
          const { examples } = found[i]!;
          found[i]!.count++;
          if (examples.length >= settings.examples) return;
          // whole words around the fault
          const from = Math.max(0, text.lastIndexOf(" ", Math.max(0, at - 20)));
          const excerpt = text.slice(from, at + 40);
          const mended = mendText(excerpt);
          examples.push(mended === excerpt ? shown(excerpt) : `${shown(excerpt)} → ${shown(mended)}`);
        });
      },
      finish(): DataFinding[] {
        const faults = encodingFaults.map(({ name, mends }, i): DataFinding => {
          const { count, examples } = found[i]!;
          return {
            check: "encoding",
            what: `texts with ${name}`,
            outcome: count === 0 ? "ok" : mends && count < texts / 1000 ? "look" : "wrong",
            count,
            of: texts,
            unit: "different texts",
            examples,
            cost:
              count === 0
                ? null
                : "a damaged word is another word: no query finds it, and the vocabulary grows",
            mend:
              count === 0
                ? null
                : mends
                  ? { says: "rewrite the texts", command: mendCommand(settings, "encoding") }
                  : {
                      says: "what was there is lost or meant so: take it from the source again, read as UTF-8",
                    },
            ...(mends && count > 0 && { rewrites: true }),
          };
        });
        const met = faults.filter(({ count }) => count > 0);
        return met.length > 0 ? met : [{ ...faults[0]!, what: "texts with a fault of encoding" }];
      },
    };
  },
};
