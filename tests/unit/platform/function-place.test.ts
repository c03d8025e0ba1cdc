import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { framePlace, placeOfFunction } from "../../../src/platform/function-place.js";

const here = fileURLToPath(import.meta.url);

function lineOfError(stack: string | undefined): string {
  return /([^/]*:\d+):\d+\)?$/.exec(stack?.split("\n")[1] ?? "")?.[1] as string;
}

describe("the place of a function", () => {
  it("is where its file has it, as a stack frame names it", () => {
    const marked = () => new Error("here");
    const place = placeOfFunction(marked);
    expect(place?.url.replace("file://", "")).toBe(here);
    const frame = framePlace(place as NonNullable<typeof place>);
    expect(frame.startsWith(here)).toBe(true);
    // Tests run through Vite, which moves lines: the frame tells the line of this file.
    expect(frame.replace(/:\d+$/, "").endsWith(lineOfError(marked().stack))).toBe(true);
  });

  it("is unknown if the function is in no file", () => {
    expect(placeOfFunction(new Function("return 1"))).toBeUndefined();
    expect(placeOfFunction(Math.max)).toBeUndefined();
    expect(placeOfFunction(((x: number) => x).bind(null))).toBeUndefined();
  });
});

describe("the place that a frame names", () => {
  it("counts lines and columns from 1", () => {
    const place = { url: "file:///no/such/file.mjs", isModule: true, line: 41, column: 6 };
    expect(framePlace(place)).toBe("file:///no/such/file.mjs:42:7");
  });

  it("is a path if the function is in no module", () => {
    const place = { url: "file:///no/such%20place/file.cjs", isModule: false, line: 0, column: 0 };
    expect(framePlace(place)).toBe("/no/such place/file.cjs:1:1");
  });
});
