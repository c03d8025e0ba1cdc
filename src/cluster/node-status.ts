/** What nodes tell of themselves. */
import { isRecord } from "../memory/inputs.js";

export interface NodeStatus {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly release: string;
  readonly threads: number;
  /** Shards that it runs now. */
  readonly shards: number;
  /** Bytes of payload that it has. */
  readonly cachedBytes: number;
  /** Requests that it dropped, because they were altered, unsigned, expired or sent twice. */
  readonly dropped: number;
  /** Names of its kernels. */
  readonly kernels: readonly string[];
}

/** Anybody who reaches the store may write there. An entry that makes no sense is no node. */
export function readStatus(text: string): NodeStatus[] {
  try {
    const status = JSON.parse(text) as NodeStatus;
    const isOne = isRecord(status) && Number.isSafeInteger(status.threads) && status.threads > 0;
    return isOne ? [status] : [];
  } catch {
    return [];
  }
}
