/** The package has no home yet: its addresses are placeholders, and must be real ones on the registry's page. */
import { readFileSync } from "node:fs";

const { homepage, repository, bugs } = JSON.parse(readFileSync("package.json", "utf8"));
const placeholders = [homepage, repository.url, bugs.url].filter((address) =>
  address.includes("example.invalid"),
);
if (placeholders.length > 0) {
  console.error(`Cannot publish: package.json must have real addresses, got ${placeholders.join(", ")}`);
  process.exitCode = 1;
}
