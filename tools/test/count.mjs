// Counting what passed and failed, for the last line of `npm test`.

/**
 * Unit tests from vitest's JSON report. A test file that could not be loaded counts as one failure; so does a
 * run that ended badly although no test failed (errors outside tests, a crash).
 *
 * @param {string | null} reportText  the report, null where there is none
 * @param {boolean} endedWell  whether vitest's exit code was 0
 * @returns {{passed: number, failed: number, skipped: number}}
 */
export function countUnitTests(reportText, endedWell) {
  let report = null;
  try {
    report = reportText === null ? null : JSON.parse(reportText);
  } catch {
    // half-written: as if there were none
  }
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !endedWell ? 1 : failed,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/**
 * @param {{kind: "check" | "unit" | "notebook", ok: boolean, passed?: number, failed?: number}[]} results
 * @returns {{passed: number, failed: number}} unit tests and notebooks; a check counts only when it fails
 */
export function addUp(results) {
  let passed = 0;
  let failed = 0;
  for (const result of results) {
    if (result.kind === "unit") {
      passed += result.passed;
      failed += result.failed;
    } else if (!result.ok) failed += 1;
    else if (result.kind === "notebook") passed += 1;
  }
  return { passed, failed };
}
