const { defineKernel } = require("sharray");

const factor = 2;

exports.scale = defineKernel(__filename, "scale", (part, out) => {
  for (let i = 0; i < part.length; i++) out[i] = factor * part[i];
});
