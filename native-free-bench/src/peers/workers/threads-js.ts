/** Worker of threads.js. */
import { expose } from "threads/worker";
import { runTask } from "../../scenarios/tasks.js";

expose(runTask);
