import type { ReadReport } from "./read-report.js";

/**
 * What a reader met as counts for the manifest: always its rows, of the rest what is not zero.
 *
 * @param prefix  before every name, e.g. "training "
 */
export function reportCounts(prefix: string, report: ReadReport): Record<string, number> {
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const found = {
    "malformed rows": report.malformed,
    "duplicate ids": report.duplicateIds,
    "skipped files": report.skippedFiles.length,
    "empty cells": sum(report.nullCells),
    "cells written out as text": sum(report.convertedCells),
  };
  const met = Object.entries(found).filter(([, count]) => count > 0);
  return Object.fromEntries([["rows", report.rows] as const, ...met].map(([k, n]) => [prefix + k, n]));
}
