/** Worker of poolifier. */
import { ThreadWorker } from "poolifier";
import { runTask, type Task } from "../../scenarios/tasks.js";

export default new ThreadWorker<Task>((task) => runTask(task as Task));
