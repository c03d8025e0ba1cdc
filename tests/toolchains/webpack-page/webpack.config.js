export default {
  mode: "production",
  // It warns of pages of more than 244 KiB.
  performance: { hints: false },
  entry: { page: "./page-with-worker.js" },
};
