import { ParallelExecutor } from "sharray";
import { check } from "./check.js";

// Each child process would run this application again.
const refused = new ParallelExecutor({ strategy: "processes" }).map([1], (x) => x);
refused.then(
  () => {
    throw new Error("The application ran in child processes");
  },
  (error) => {
    if (error.name !== "IsolationError") throw error;
    return check();
  },
);
