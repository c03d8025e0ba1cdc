import { check } from "./check.js";

check().then(
  () => console.log("done"),
  (error) => console.log(`failed: ${error.stack}`),
);
