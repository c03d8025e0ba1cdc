/** Worker of poolifier for calls that do next to nothing. */
import { ThreadWorker } from "poolifier";

export default new ThreadWorker<number, number>((item) => (item as number) + 1);
