import { describe, expect, it } from "vitest";
import { readDictionary, writeDictionary } from "../../lib/datasets/dictionary-file.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();
let files = 0;
const written = (text: string) => put(folder, `d${files++}/dictionary.json`, text);

describe("dictionary files", () => {
  it("read the published lines of both kinds, from the folder or the file", () => {
    const tokens = written('{"token": "speaker", "token_id": 2}\n{"token": "ż", "token_id": 1}\n');
    const wanted = new Map([
      ["speaker", 2],
      ["ż", 1],
    ]);
    expect(readDictionary(tokens, "token")).toEqual(wanted);
    expect(readDictionary(tokens.replace("/dictionary.json", ""), "token")).toEqual(wanted);
    expect(readDictionary(written('{"value": "48211", "value_id": 1}'), "category")).toEqual(
      new Map([["48211", 1]]),
    );
  });

  it("come back as they were written, counts and odd keys included", () => {
    const entries = [
      { key: "", id: 1, count: 9 },
      { key: '"\n', id: 2 },
      { key: "__proto__", id: 3 },
    ];
    writeDictionary(`${folder}/round`, "token", entries);
    expect([...readDictionary(`${folder}/round`, "token")]).toEqual(entries.map(({ key, id }) => [key, id]));
  });

  it("name file and line of a wrong entry", () => {
    const one = '{"token": "a", "token_id": 1}\n';
    const bad: [string, string][] = [
      [
        `${one}{"token": "b", "token_id": 0}`,
        ':2: "token_id" must be an integer from 1 on (0 is padding), got 0',
      ],
      [
        `${one}{"token": "b", "token_id": 1.5}`,
        ':2: "token_id" must be an integer from 1 on (0 is padding), got 1.5',
      ],
      [
        `${one}{"token": "b", "token_id": "2"}`,
        ':2: "token_id" must be an integer from 1 on (0 is padding), got "2"',
      ],
      [`${one}\n{"token": "b", "token_id": 3}`, ":3: ids of 2 entries must be 1 to 2 without gaps, got 3"],
      [`${one}{"token": "b", "token_id": 1}`, ":2: each id must occur once, got 1 as in line 1"],
      [`${one}{"token": "a", "token_id": 2}`, ':2: each token must occur once, got "a" as in line 1'],
      [`${one}{"value": "a", "value_id": 2}`, ':2: "token" must be text, got undefined'],
      [`${one}{"token"`, ':2: line must be a JSON object, got "{\\"token\\""'],
      ["[]", ":1: line must be a JSON object, got []"],
      ["", ": dictionary must have at least one entry, got 0"],
    ];
    for (const [text, message] of bad) {
      const file = written(text);
      expect(() => readDictionary(file, "token"), text).toThrow(`${file}${message}`);
    }
    expect(() => readDictionary(`${folder}/none`, "token")).toThrow(
      `${folder}/none/dictionary.json: file must exist`,
    );
  });
});
