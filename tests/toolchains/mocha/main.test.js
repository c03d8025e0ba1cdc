import { check } from "./check.js";
import { scale } from "./kernels.js";

it("sharray runs", () => check(scale)).timeout(30_000);
