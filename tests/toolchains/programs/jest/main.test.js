const { check } = require("./check.js");
const { scale } = require("./kernels.js");

test("sharray runs", () => check(scale));
