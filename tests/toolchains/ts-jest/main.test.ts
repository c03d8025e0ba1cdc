import { check, checkStack } from "./check";
import { scale } from "./kernels";

test("sharray runs", () => check(scale));

test("an error leads to its line", () =>
  checkStack((x) => {
    if (x > 1) throw new RangeError("too large");
    return x;
  }));
