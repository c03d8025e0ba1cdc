/** Names a module of kernels by its content: both sides have the same one, or the call is refused. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ClusterError } from "../errors.js";
import { digestOf } from "./signing.js";

/** @param url a `file:` address @throws ClusterError if the file can't be read */
export function moduleDigest(url: string): string {
  try {
    return digestOf(readFileSync(fileURLToPath(url)));
  } catch (error) {
    throw new ClusterError(
      "refused",
      `Cannot pin module ${url} as its file must be there: ${(error as Error).message}`,
    );
  }
}
