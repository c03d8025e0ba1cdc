/** In the environment of each child process of a pool: the number of its parent. Processes that it starts inherit it. */
export const POOL_PARENT = "SHARRAY_POOL_PARENT";
