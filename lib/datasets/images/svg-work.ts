/** Elements that one drawing may come to; one of 20,000 takes about half a second. */
export const MOST_SVG_ELEMENTS = 20_000;

const TAG = /<(\/?)([a-zA-Z][\w:.-]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)(\/?)>/g;
const ID = /(?:^|\s)(?:xml:)?id\s*=\s*["']([^"']*)["']/;
const REFERENCE = /(?:href\s*=\s*["']\s*#([^"'\s]+))|url\(\s*["']?#([^)"'\s]+)/g;

/**
 * Elements that a drawing comes to once its references are followed: ten groups that each use the one before ten times are
 * a few hundred bytes, and ten thousand million rectangles. Infinity if something refers to itself.
 *
 * @param svg  text; what is no tag is passed over
 */
export function svgElements(svg: string): number {
  const own = new Map<string, number>([["", 0]]);
  const uses = new Map<string, string[]>([["", []]]);
  const open: (string | null)[] = [];
  for (const [, closing, , attributes = "", empty] of svg.matchAll(TAG)) {
    if (closing === "/") {
      open.pop();
      continue;
    }
    const id = ID.exec(attributes)?.[1] ?? null;
    if (id !== null && !own.has(id)) {
      own.set(id, 0);
      uses.set(id, []);
    }
    const inside = new Set(["", ...open, id].filter((name): name is string => name !== null));
    if (inside.size > 100) return Number.POSITIVE_INFINITY; // no program draws so, and each costs a step here
    for (const name of inside) own.set(name, own.get(name)! + 1);
    for (const [, href, url] of attributes.matchAll(REFERENCE))
      for (const name of inside) uses.get(name)!.push((href ?? url)!);
    if (empty !== "/") open.push(id);
  }
  const totals = new Map<string, number>();
  const total = (name: string): number => {
    const known = totals.get(name);
    if (known !== undefined) return known;
    if (!own.has(name)) return 0;
    totals.set(name, Number.POSITIVE_INFINITY); // met again below itself
    let sum = own.get(name)!;
    for (const used of uses.get(name)!) sum += total(used);
    totals.set(name, sum);
    return sum;
  };
  return total("");
}
