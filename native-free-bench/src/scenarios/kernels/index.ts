/**
 * Every kernel by name. They use nothing from around them. The engine sends their text. Workers of peers import this module.
 * The figure for one thread comes from calling them.
 */
import { explain } from "./explain.js";
import { blackScholes, convolve, fft, glance, roots, sum, tiny } from "./numeric.js";
import { bootstrap, kFold } from "./statistics.js";

export const kernels = { explain, bootstrap, kFold, blackScholes, fft, convolve, sum, tiny, glance, roots };
export type KernelName = keyof typeof kernels;
