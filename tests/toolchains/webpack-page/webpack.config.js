export default {
  mode: "production",
  entry: "./page-with-worker.js",
};
