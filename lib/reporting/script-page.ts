import { contentStyle, pageStyle } from "./html-page.js";

/** A page of a server in the reports' look, filled in by the server's script. */
export interface ScriptPage {
  title: string;
  /** CSS beside that of reports */
  style?: string;
  /** classes of the main element beside the width's */
  look?: string;
  /** HTML below the heading, and beside the main element */
  content: string;
  beside?: string;
  /** address of the script */
  script: string;
}

export function scriptPage({
  title,
  style = "",
  look = "",
  content,
  beside = "",
  script,
}: ScriptPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${contentStyle()}
${pageStyle()}
${style}</style>
</head>
<body class="qdrl qdrl-page">
<main class="wrap${look && ` ${look}`}">
<h1>${title}</h1>
${content}
</main>
${beside}<script src="${script}"></script>
</body>
</html>
`;
}
