import { check, checkStack } from "./check.ts";
import { scale } from "./kernels.ts";

interface Limits {
  readonly largest: number;
}

await check(scale);
await checkStack((x: number): number => {
  const limits: Limits = { largest: 1 };
  if (x > limits.largest) throw new RangeError("too large");
  return x;
});
