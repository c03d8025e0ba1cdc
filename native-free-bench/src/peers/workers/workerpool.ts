/** Worker of workerpool. */
import { worker } from "workerpool";
import { runTask } from "../../scenarios/tasks.js";

worker({ runTask });
