/** A worker of the engine's pool, with the kernels of this page in it. */

import "sharray/worker";
import "./kernels.js";
