/** Worker of piscina and tinypool. */
export { runTask as default } from "../../scenarios/tasks.js";
