import { check } from "./check";
import { scale } from "./kernels";

test("sharray runs", () => check(scale));
