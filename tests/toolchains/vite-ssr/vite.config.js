export default {
  build: { ssr: true, target: "node20", rollupOptions: { input: ["main.js", "kernels.js"] } },
  ssr: { noExternal: true },
};
