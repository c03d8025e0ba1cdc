/** What the store says, in words: errors of a connection hold its password. */
import { ClusterError } from "../errors.js";

/** While it is full, loads, or is a replica. */
const PASSING = /^(OOM|READONLY|LOADING|MASTERDOWN|BUSY|EXECABORT|TRYAGAIN|NOREPLICAS|MISCONF)\b/;

/** @returns what an error of the store says, without the command that it belongs to */
export function wordsOf(error: unknown): string {
  const { message, code, name } = error as { message?: string; code?: string; name?: string };
  return message || code || name || "no reason given";
}

/** The same of PostgreSQL, and of the network: there is no room, or the server does not write now. */
const REFUSED_CODE = /^(25006|53|40)/;
/** A connection was lost, or the server starts or ends. */
const CUT_CODE = /^(08|57P0|ECONN|EPIPE|ENOTFOUND|EHOST|ENET|EAI_AGAIN|ETIMEDOUT)/;
/** What the driver of PostgreSQL says without a code. */
const CUT = /^(Connection terminated|Client has encountered a connection error|timeout expired)/;

/** Whether the store may do later what it refuses now. */
export function isPassing(error: unknown): boolean {
  return PASSING.test(wordsOf(error)) || REFUSED_CODE.test(codeOf(error)) || isCut(error);
}

/** Whether PostgreSQL was not reached, or a connection to it was lost. */
export function isCut(error: unknown): boolean {
  return CUT_CODE.test(codeOf(error)) || CUT.test(wordsOf(error));
}

/** SQLSTATE, or what Node calls an error of the network. */
export function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
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
