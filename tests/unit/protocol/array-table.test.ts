import { expect, it } from "vitest";
import { ArrayTable } from "../../../src/protocol/array-table.js";

it("a table lists each array once, by the caller's array and with the first name", () => {
  const table = new ArrayTable();
  const [x, y] = [new Float64Array(3), new Float64Array(3)];
  expect([table.add(x, "x"), table.add(y, "y"), table.add(x, "again")]).toEqual([0, 1, 0]);
  expect(table.arrays.map(({ buffer }) => buffer)).toEqual([x.buffer, y.buffer]);
  expect(table.sightings.map(({ name }) => name)).toEqual(["x", "y"]);
  expect([table.indexOf(x), table.indexOf(y), table.indexOf(new Float64Array(3))]).toEqual([0, 1, undefined]);
});

it("an array counts as seen by all tasks between those that see it", () => {
  const table = new ArrayTable();
  const x = new Float64Array(3);
  table.add(x, "x", [4, 4]);
  table.add(x, "x", [1, 2]);
  expect(table.sightings).toEqual([{ name: "x", tasks: [1, 4] }]);
  table.add(x, "x");
  expect(table.sightings).toEqual([{ name: "x", tasks: [1, 4] }]);
});
