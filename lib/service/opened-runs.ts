import fs from "node:fs";
import path from "node:path";
import { type Explain, explainOver } from "../analysis/explain-run.js";
import type { Listener } from "../engine/progress.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { OpenedRetriever } from "../retrieval/retrievers/retrieval-system.js";
import { type Search, searchOver } from "../retrieval/retrievers/search-run.js";
import type { RunFolder } from "../tracking/run-folder.js";

/** A run ready to answer. */
export interface OpenedRun {
  run: RunFolder;
  retriever: OpenedRetriever;
  search: Search;
  /** Made when it is first asked for, closed with the run. */
  explain: () => Promise<Explain>;
  close: () => void;
}

interface Kept {
  stamp: string;
  opened: OpenedRun;
}

/**
 * Runs that answer queries: opened when first asked for, the last few kept, opened again when the folder has changed.
 * One piece of work at a time, since one takes all cores already and what is opened is not made for more.
 */
export class OpenedRuns {
  /** by folder, least recently used first */
  private readonly kept = new Map<string, Kept>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly most: number,
    private readonly listener: Listener,
  ) {}

  /** What `work` makes of an opened run. It must not keep the run. */
  use<T>(run: RunFolder, work: (opened: OpenedRun) => T | Promise<T>): Promise<T> {
    const result = this.last.then(async () => work(await this.open(run)));
    this.last = result.catch(() => {});
    return result;
  }

  /** Closes all of them, after the work that was asked for. */
  async close(): Promise<void> {
    await this.last;
    for (const { opened } of this.kept.values()) opened.close();
    this.kept.clear();
  }

  private async open(run: RunFolder): Promise<OpenedRun> {
    const stamp = stampOf(run);
    const known = this.kept.get(run.dir);
    this.kept.delete(run.dir);
    if (known?.stamp === stamp) {
      this.kept.set(run.dir, known);
      return known.opened;
    }
    known?.opened.close();
    for (const [dir, { opened }] of this.kept) {
      if (this.kept.size < this.most) break;
      opened.close();
      this.kept.delete(dir);
    }
    const retriever = await openRetriever(run.dir, { listener: this.listener });
    const opened = openedRun(run, retriever, await searchOver(retriever));
    this.kept.set(run.dir, { stamp, opened });
    return opened;
  }
}

function openedRun(run: RunFolder, retriever: OpenedRetriever, search: Search): OpenedRun {
  let explaining: ReturnType<typeof explainOver> | null = null;
  return {
    ...{ run, retriever, search },
    explain: async () => (await (explaining ??= explainOver(retriever))).explain,
    close: () => {
      void explaining?.then(
        ({ close }) => close(),
        () => {}, // whoever asked was told
      );
      retriever.close();
    },
  };
}

/** Changes when a run was trained or evaluated again, or got another threshold. */
function stampOf(run: RunFolder): string {
  return ["manifest.json", "threshold.json"]
    .map((name) => fs.statSync(path.join(run.dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(" ");
}
