import { describe, expect, it } from "vitest";
import {
  chooseColumns,
  furtherTexts,
  guessColumns,
  guessMinGrade,
} from "../../../lib/datasets/init/guess-columns.js";

/** Columns of rows, as CSV would have them. */
function table(header: string, ...rows: string[]): Record<string, string[]> {
  const names = header.split(",");
  return Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row.split(",")[i]!)]));
}

describe("guessColumns", () => {
  it("knows the columns of well-known tables by name and by cells", () => {
    // Home Depot: the id is the row's, the product's is product_uid
    const homeDepot = table(
      "id,product_uid,product_title,search_term,relevance",
      "2,100001,Simpson Angle,angle bracket,3.00",
      "3,100001,Simpson Angle,l bracket,2.50",
      "9,100002,BEHR Premium Stain,deck over,3.00",
      "16,100005,Delta Shower Faucet,rain shower head,2.33",
    );
    expect(guessColumns(homeDepot)).toEqual({
      query: "search_term",
      title: "product_title",
      id: "product_uid",
      grade: "relevance",
    });
    // Amazon's shopping queries: query_id is no document's id, small letters say the part
    const shopping = table(
      "query_id,query,product_id,product_title,product_description,product_brand,esci_label,split",
      "1,red shoe,B01,Shoe Red,A red shoe for running,Acme,E,train",
      "1,red shoe,B02,Shoe Blue,A blue shoe for running,Acme,S,train",
      "2,wood box,B03,Box,A box made of wood,Boxy,E,test",
    );
    const guess = guessColumns(shopping);
    expect(guess).toEqual({
      part: "split",
      query: "query",
      title: "product_title",
      id: "product_id",
      text: "product_description",
    });
    expect(furtherTexts(shopping, guess)).toEqual(["product_brand"]);
  });

  it("takes pictures, categories and other languages' names", () => {
    const shop = table(
      "Suchbegriff,Titel,Kategorie,foto",
      "rote Schuhe,Schuh rot,Schuhe,a.jpg",
      "Kiste,Holzkiste,Kisten,b.jpg",
      "blaue Schuhe,Schuh blau,Schuhe,",
      "Karton,Kiste aus Karton,Kisten,c.PNG",
    );
    const { picture: _, ...named } = guessColumns(shop);
    expect(named).toEqual({ query: "Suchbegriff", title: "Titel", category: "Kategorie" });
    const photos = { searchTerm: ["red shoe"], productName: ["Shoe"], ImagePath: ["img/a.jpg"] };
    expect(guessColumns(photos)).toEqual({ query: "searchTerm", title: "productName", picture: "ImagePath" });
    // addresses are not files
    expect(guessColumns({ ...photos, ImagePath: ["https://x.test/a.jpg"] }).picture).toBeUndefined();
  });

  it("without telling names takes the shorter texts for the queries", () => {
    const nameless = table("a,b", "Shoe made of red leather,red shoe", "A box of solid wood,wood box");
    expect(guessColumns(nameless)).toEqual({ query: "b", title: "a" });
    expect(guessColumns({ x: ["1", "2"], y: ["3", "4"] })).toEqual({});
  });
});

describe("chooseColumns", () => {
  const shop = table("search,title,shelf", "red shoe,Shoe,48", "wood box,Box,49");

  it("lets somebody's word go before the guess", () => {
    expect(chooseColumns(shop, { query: "title", title: "search" })).toMatchObject({
      query: "title",
      title: "search",
    });
    expect(chooseColumns(shop, { id: "shelf", title: null })).not.toHaveProperty("title");
  });

  it("refuses what is not there", () => {
    expect(() => chooseColumns(shop, { querry: "search" })).toThrow(
      'unknown role "querry"; known: part, picture,',
    );
    expect(() => chooseColumns(shop, { query: "serch" })).toThrow(
      'column query: must be one of search, title, shelf, got "serch"',
    );
  });
});

it("counts a document as relevant from 1 on, or from the middle of grades that begin above 0", () => {
  expect(guessMinGrade(["0", "1", "2", ""])).toBe(1);
  expect(guessMinGrade(["-2", "0", "1"])).toBe(1);
  expect(guessMinGrade(["1", "5", "3"])).toBe(3);
  expect(guessMinGrade(["1", "2.33", "3"])).toBe(2);
  expect(guessMinGrade(["0", "0.5", "0.9"])).toBe(0.45);
  expect(guessMinGrade(["1", "1"])).toBe(1);
});
