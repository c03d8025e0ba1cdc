export default {
  mode: "production",
  entry: { page: "./page-with-worker.js" },
};
