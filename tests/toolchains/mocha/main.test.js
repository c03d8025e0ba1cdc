import { check, checkStack } from "./check.js";
import { scale } from "./kernels.js";

it("sharray runs", () => check(scale)).timeout(30_000);

it("an error leads to its line", () =>
  checkStack((x) => {
    if (x > 1) throw new RangeError("too large");
    return x;
  })).timeout(30_000);
