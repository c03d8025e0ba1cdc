const { check } = require("./check.js");

check().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
