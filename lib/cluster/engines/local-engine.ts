import {
  dataArguments,
  type Engine,
  mergeArguments,
  qdrl,
  quoted,
  rowArguments,
  SCRIPT_HEAD,
} from "./job.js";

/** Rows as processes of this machine, several at a time; tries a row again unless it is done, bad or interrupted. */
export const localEngine: Engine = {
  usesImage: false,
  files(job) {
    const data = dataArguments(job);
    const row = rowArguments(job, "ROW").map((word) => (word === "ROW" ? '"$1"' : quoted(word)));
    return {
      "submit.sh": `${SCRIPT_HEAD}${
        data === null ? "" : `${qdrl()} ${data.map(quoted).join(" ")} || exit 1\n`
      }row() {
  for try in $(seq 0 ${job.retries}); do
    ${qdrl()} ${row.join(" ")}
    code=$?
    case $code in 0 | 42 | 130 | 143) return $code ;; esac # 42: never again
    sleep $((2 ** try))
  done
  return $code
}
export -f row
seq 0 ${job.rows - 1} | xargs -P ${job.parallel} -I{} bash -c 'row {}'
${qdrl()} ${mergeArguments(job).map(quoted).join(" ")}
`,
    };
  },
};
