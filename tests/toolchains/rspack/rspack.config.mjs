export default {
  mode: "production",
  target: "node20",
  entry: { main: "./main.js", kernels: { import: "./kernels.js", library: { type: "module" } } },
  experiments: { outputModule: true },
  output: { module: true, filename: "[name].mjs", library: { type: "module" } },
};
