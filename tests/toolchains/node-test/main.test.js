import test from "node:test";
import { check } from "./check.js";
import { scale } from "./kernels.js";

test("sharray runs", () => check(scale));
