/** A program in one file has no module that workers could import. */
const { check } = require("./check.js");

check();
