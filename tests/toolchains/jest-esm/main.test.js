import { check, checkStack } from "./check.js";
import { scale } from "./kernels.js";

test("sharray runs", () => check(scale));

test("an error leads to its line", () =>
  checkStack((x) => {
    if (x > 1) throw new RangeError("too large");
    return x;
  }));
