import { check } from "./check.ts";
import { scale } from "./kernels.ts";

await check(scale);
