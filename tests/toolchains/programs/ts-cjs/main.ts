import { check } from "./check";
import { scale } from "./kernels";

check(scale).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
