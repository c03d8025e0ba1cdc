import { nodeResolve } from "@rollup/plugin-node-resolve";

export default {
  input: ["main.js", "kernels.js"],
  output: { dir: "dist", format: "es" },
  external: [/^node:/],
  plugins: [nodeResolve({ exportConditions: ["node"] })],
};
