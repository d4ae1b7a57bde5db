#!/usr/bin/env node
// Checks that plain objects are no dictionaries of users' keys: a document may be called "constructor" or "__proto__".
//   node tools/check-dictionaries.mjs [FOLDER]      exit code 1 and one line per finding: file:line: rule
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");

/** Rooms of lib that only know names of a model's own parts, none of which comes from a file. */
const CLOSED =
  /^lib\/(engine|encoders|fused|losses|negatives|optimizers|tokenizer|typos|tracking|training\/(?!fit\/))/;

/** What may happen to an entry that is not there: these operators are asked for one. */
const ASKS = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
]);
const COMPARES = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

/**
 * @param {ts.Program} program
 * @param {string} folder  files below it are checked
 * @returns {{file: string, line: number, rule: string}[]}
 */
export function checkDictionaries(program, folder) {
  const checker = program.getTypeChecker();
  const findings = [];
  for (const source of program.getSourceFiles()) {
    const file = path.relative(folder, source.fileName);
    if (file.startsWith("..") || source.isDeclarationFile || CLOSED.test(file)) continue;
    const report = (node, rule) =>
      findings.push({
        file,
        line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
        rule: `${rule}, got ${node.getText(source).replace(/\s+/g, " ").slice(0, 60)}`,
      });
    const visit = (node) => {
      if (isKeyIn(checker, node)) report(node, "ask Object.hasOwn for a key, `in` finds inherited ones");
      if (ts.isElementAccessExpression(node) && isDictionary(checker, node)) {
        if (isWritten(node)) {
          if (isLiteral(checker, node.expression))
            report(node, "a dictionary that grows is a Map or emptyRecord() of files/own-entry.js");
        } else if (mayBeAbsent(node))
          report(node, "an entry that may not be there is read by ownEntry() of files/own-entry.js");
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return findings;
}

function isText(checker, node) {
  return (checker.getTypeAtLocation(node).flags & ts.TypeFlags.String) !== 0;
}

function isKeyIn(checker, node) {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.InKeyword &&
    isText(checker, node.left)
  );
}

/** Whether an object is asked for an entry by a name that is not known when it is compiled. */
function isDictionary(checker, { expression, argumentExpression }) {
  if (!isText(checker, argumentExpression)) return false;
  const type = checker.getNonNullableType(checker.getTypeAtLocation(expression));
  return checker.getIndexInfoOfType(type, ts.IndexKind.String) !== undefined;
}

function isWritten(node) {
  const { parent } = node;
  return (
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

/** Whether the name was declared with `{}`; what a filled one holds is there already. */
function isLiteral(checker, expression) {
  const declared = checker.getSymbolAtLocation(expression)?.valueDeclaration;
  const value = declared && "initializer" in declared ? declared.initializer : undefined;
  return value !== undefined && ts.isObjectLiteralExpression(value) && value.properties.length === 0;
}

function mayBeAbsent(node) {
  const { parent } = node;
  if (ts.isBinaryExpression(parent))
    return (
      (ASKS.has(parent.operatorToken.kind) && parent.left === node) || COMPARES.has(parent.operatorToken.kind)
    );
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent))
    return parent.expression === node && parent.questionDotToken !== undefined;
  if (ts.isPrefixUnaryExpression(parent)) return parent.operator === ts.SyntaxKind.ExclamationToken;
  return (
    (ts.isIfStatement(parent) && parent.expression === node) ||
    (ts.isConditionalExpression(parent) && parent.condition === node) ||
    (ts.isVariableDeclaration(parent) && parent.initializer === node)
  );
}

/** The program of a tsconfig.json. */
export function programOf(configFile) {
  const host = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
    },
  };
  const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(configFile, {}, host);
  return ts.createProgram(
    fileNames.filter((name) => !/[/\\](tests|bench)[/\\]/.test(name)),
    options,
  );
}

function main() {
  const findings = checkDictionaries(programOf(path.join(root, "tsconfig.json")), root);
  for (const { file, line, rule } of findings) console.error(`${file}:${line}: ${rule}`);
  if (findings.length > 0) process.exitCode = 1;
  else console.log("dictionaries: none of users' keys is a plain object");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
