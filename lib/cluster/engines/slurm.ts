import {
  dataArguments,
  type Engine,
  type Job,
  mergeArguments,
  qdrl,
  quoted,
  rowArguments,
  SCRIPT_HEAD,
} from "./job.js";

/**
 * A Slurm array, one task a row, on a file system that the nodes share or with a store. A task that is preempted is put back by
 * Slurm itself (`--requeue`); one that fails puts itself back, unless it is done or bad.
 *
 * @see https://slurm.schedmd.com/sbatch.html
 */
export const slurm: Engine = {
  usesImage: false,
  files(job) {
    const data = dataArguments(job);
    return {
      "rows.sbatch": rowsScript(job),
      "merge.sbatch": `#!/bin/bash
#SBATCH --job-name=${job.name}-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=01:00:00
#SBATCH --output=${job.name}-merge.log
exec ${qdrl()} ${mergeArguments(job).map(quoted).join(" ")}
`,
      "submit.sh": `${SCRIPT_HEAD}here=$(cd "$(dirname "$0")" && pwd)
${data === null ? "" : `${qdrl()} ${data.map(quoted).join(" ")} || exit 1\n`}rows=$(sbatch --parsable "$here/rows.sbatch") || exit 1
merge=$(sbatch --parsable --dependency="afterany:$rows" "$here/merge.sbatch") || exit 1
echo "rows: job $rows, tables: job $merge"
`,
    };
  },
};

function rowsScript(job: Job): string {
  const { cpus, memoryGib, diskGib, gpus, gpuType } = job.resources;
  const gres = gpuType === null ? `gpu:${gpus}` : `gpu:${gpuType}:${gpus}`;
  const row = rowArguments(job, "ROW").map((word) =>
    word === "ROW" ? '"$SLURM_ARRAY_TASK_ID"' : quoted(word),
  );
  return `#!/bin/bash
#SBATCH --job-name=${job.name}
#SBATCH --array=0-${job.rows - 1}%${job.parallel}
#SBATCH --cpus-per-task=${Math.ceil(cpus)}
#SBATCH --mem=${memoryGib}G
#SBATCH --tmp=${diskGib}G
${gpus === 0 ? "" : `#SBATCH --gres=${gres}\n`}#SBATCH --time=${job.hours}:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@60
#SBATCH --output=${job.name}-%a.log
#SBATCH --open-mode=append
set -u
${qdrl()} ${row.join(" ")} &
child=$!
trap 'kill -TERM "$child"' TERM
wait "$child"
code=$?
trap '' TERM
[ "$code" -lt 128 ] || wait "$child"
# 42: never again; anything else but 0: again, ${job.retries} times at most
if [ "$code" -ne 0 ] && [ "$code" -ne 42 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${job.retries} ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
`;
}
