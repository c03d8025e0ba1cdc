// A worker whose executor serves the page.
import { ParallelExecutor } from "sharray";
import { serveExecutor } from "sharray/bridge";

self.addEventListener("message", ({ data }) => serveExecutor(new ParallelExecutor(data), self), {
  once: true,
});
