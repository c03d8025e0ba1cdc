const { check } = require("./check.js");
const { scale } = require("./kernels.js");

check(scale).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
