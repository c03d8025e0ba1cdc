import { check } from "./check.js";
import { scale } from "./kernels.js";

await check(scale);
