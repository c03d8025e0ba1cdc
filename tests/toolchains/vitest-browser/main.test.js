import { test } from "vitest";
import { check } from "./check.js";

test("sharray runs", () => check());
