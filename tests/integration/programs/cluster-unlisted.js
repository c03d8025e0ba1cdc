/** A kernel of a module that no node lists. */
import { defineKernel } from "sharray";

export const unlisted = defineKernel(import.meta.url, "unlisted", (x) => x);
