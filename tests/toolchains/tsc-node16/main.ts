import { check } from "./check.js";
import { scale } from "./kernels.js";

check(scale).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
