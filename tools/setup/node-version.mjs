// Old syntax on purpose: this file must parse on the Node versions that it refuses.
const NEEDED = [20, 19, 0];

/**
 * @param {string} version  as in process.versions.node
 * @returns {string | null}  the line to print, or null when the version will do
 */
export function nodeVersionProblem(version) {
  const parts = version.split(".").map(Number);
  for (let i = 0; i < NEEDED.length; i++) {
    if (parts[i] > NEEDED[i]) return null;
    if (!(parts[i] === NEEDED[i])) {
      return "Node ≥ 20.19 needed, got " + version + " (https://nodejs.org, or: npx -y n 22)";
    }
  }
  return null;
}
