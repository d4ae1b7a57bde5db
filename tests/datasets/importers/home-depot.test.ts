import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { prepareHomeDepot } from "../../../lib/datasets/importers/home-depot.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();

function makeInputs(dir: string): string {
  const train = [
    "id,product_uid,product_title,search_term,relevance",
    '1,100,"Bracket, 12"" Angle",angle bracket,3',
    '2,100,"Bracket, 12"" Angle",l bracket,2.0',
    "3,101,Dół Paint,paint,2.33",
  ];
  put(dir, "train.csv", Buffer.from(`${train.join("\n")}\n`, "utf8"));
  const test = [
    "id,product_uid,product_title,search_term",
    "10,200,Caf\xe9 Table,table",
    "11,201,Chair,Table!",
    "12,202,Lamp,lamp",
    "13,203,Cut off,table",
  ];
  put(dir, "test.csv", Buffer.from(`${test.join("\n")}\n`, "latin1"));
  put(dir, "solution.csv", "id,relevance,Usage\n11,2.67,Public\n10,3,Private\n12,2,Public\n13,3,Public\n");
  return dir;
}

it("writes the four folders of the older revision", async () => {
  const from = makeInputs(`${folder}/in`);
  const rows = await prepareHomeDepot({ from, outDir: `${folder}/out`, evaluationRows: 3 });
  expect(rows).toEqual({
    "training/documents": 2,
    "training/qd_pairs": 2,
    "evaluation/documents": 3,
    "evaluation/queries": 1,
  });
  const part = (name: string) => readFileSync(`${folder}/out/${name}/part-00000.csv`, "utf8");
  // The row with relevance 2.0 is out of the pairs but its product stays; Latin-1 "Ã³" of the UTF-8 bytes is cleaned away.
  expect(part("training/qd_pairs")).toBe(
    "query_search_phrase,document_id,document_name\nangle bracket,100,bracket 12 angle\npaint,101,da3a paint\n",
  );
  expect(part("evaluation/documents")).toBe(
    "document_id,document_name\n200,cafe table\n201,chair\n202,lamp\n",
  );
  expect(part("evaluation/queries")).toBe(
    'query_search_phrase,relevant_document_ids\ntable,"[""200"",""201""]"\n',
  );
});

it("names what is wrong with the files and leaves no folder", async () => {
  const from = makeInputs(`${folder}/bad`);
  put(from, "solution.csv", "id,relevance\n10,none\n");
  await expect(prepareHomeDepot({ from, outDir: `${folder}/none` })).rejects.toThrow(
    'solution.csv: row 1: relevance must be a number, got "none"',
  );
  put(from, "solution.csv", "id,score\n");
  await expect(prepareHomeDepot({ from, outDir: `${folder}/none` })).rejects.toThrow(
    'column "relevance" must be present, got columns id, score',
  );
  expect(() => readFileSync(`${folder}/none`)).toThrow("ENOENT");
});
