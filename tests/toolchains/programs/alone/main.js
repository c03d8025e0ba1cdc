/** A program in one file has no module that workers could import. */
import { check } from "./check.js";

check();
