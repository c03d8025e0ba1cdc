// A worker of the pool with the program's kernels in it.
import "sharray/worker";
import "./kernels.js";
