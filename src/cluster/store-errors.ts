/** What the store says, in words: errors of a connection hold its password. */
import { ClusterError } from "../errors.js";

/** While it is full, loads, or is a replica. */
const PASSING = /^(OOM|READONLY|LOADING|MASTERDOWN|BUSY|EXECABORT|TRYAGAIN|NOREPLICAS|MISCONF)\b/;

/** @returns what an error of the store says, without the command that it belongs to */
export function wordsOf(error: unknown): string {
  const { message, code, name } = error as { message?: string; code?: string; name?: string };
  return message || code || name || "no reason given";
}

/** Whether the store may do later what it refuses now. */
export function isPassing(error: unknown): boolean {
  return PASSING.test(wordsOf(error));
}

export function storeError(error: unknown): ClusterError {
  const said = wordsOf(error);
  return new ClusterError(
    "unreachable",
    `Cannot use the cluster as the store must do as it is asked: it says ${said}`,
  );
}

export function silenceError(timeout: number, lastError: string | undefined): ClusterError {
  const why = lastError === undefined ? "" : `: ${lastError}`;
  return new ClusterError(
    "unreachable",
    `Cannot use the cluster as the store must answer within ${timeout} ms${why}`,
  );
}

export function noNodeError(queue: string, timeout: number): ClusterError {
  return new ClusterError(
    "timeout",
    `Cannot run the call as a node must serve queue "${queue}" within ${timeout} ms: start one with npx sharray node`,
  );
}
