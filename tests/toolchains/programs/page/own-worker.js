import "sharray/worker";
import "./kernels.js";
