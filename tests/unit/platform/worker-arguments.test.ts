import { describe, expect, it } from "vitest";
import { workerArguments } from "../../../src/platform/worker-arguments.js";

const none = (): readonly string[] => [];

describe("workerArguments", () => {
  it.each([
    [[]],
    [["--import", "tsx", "--max-old-space-size=512"]],
    [["--experimental-wasm-modules", "-e", "import()"]],
  ])("lets workers inherit %j", (given) => {
    expect(workerArguments(given, none)).toBeUndefined();
  });

  it.each([
    [["--input-type=module", "-e", "text"], []],
    [["--input-type", "module", "--eval", "text"], []],
    [["--input-type=module", "--eval=text", "--no-warnings"], ["--no-warnings"]],
    [["--experimental-wasm-modules", "--input-type=module", "-p", "text"], ["--experimental-wasm-modules"]],
    [
      ["--experimental-transform-types", "--import", "./a.mjs", "--input-type=module-typescript"],
      ["--experimental-transform-types", "--import", "./a.mjs"],
    ],
    [
      ["-r", "a.cjs", "--conditions=x", "-C", "y", "--input-type", "commonjs"],
      ["-r", "a.cjs", "--conditions=x", "-C", "y"],
    ],
  ])("of %j keeps %j", (given, kept) => {
    expect(workerArguments(given, none)).toEqual(kept);
  });

  it("leaves out what no worker takes, with its value", () => {
    const given = [
      "--title",
      "mine",
      "--import",
      "./a.mjs",
      "--input-type=module",
      "--expose-gc",
      "--no-warnings",
    ];
    let asked: readonly string[] = [];
    const refusedOf = (list: readonly string[]): readonly string[] => {
      asked = list;
      return ["--title", "--expose-gc"];
    };
    expect(workerArguments(given, refusedOf)).toEqual(["--import", "./a.mjs", "--no-warnings"]);
    expect(asked).toEqual(["--title", "mine", "--import", "./a.mjs", "--expose-gc", "--no-warnings"]);
  });
});
