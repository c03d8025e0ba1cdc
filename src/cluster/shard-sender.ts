/** Sends shards of one job: first what all of them have in common, then each as a request. */

import { clock } from "../platform/clock.js";
import type { ClusterConnection } from "./connection.js";
import { type Manifest, pack } from "./messages.js";
import { digestOf } from "./signing.js";

const REQUEST_MS = 3_600_000;

/** Tasks that a node has. */
export interface Shard {
  readonly id: string;
  readonly first: number;
  readonly end: number;
  /** How often they were sent, this time included. */
  readonly sends: number;
  /** When, as `clock` counts. */
  readonly sent: number;
}

export class ShardSender {
  readonly #connection: ClusterConnection;
  readonly #call: { readonly call: string; readonly isOver: boolean };
  readonly #bring: () => Promise<Manifest>;
  readonly #timeout: number | undefined;
  #manifest = { digest: "", bytes: 0 };
  #count = 0;
  /** Bytes of manifests. */
  sentBytes = 0;

  /**
   * @param bring has the store hold what the job reads
   * @param timeout milliseconds that each task may take
   */
  constructor(
    connection: ClusterConnection,
    call: { readonly call: string; readonly isOver: boolean },
    bring: () => Promise<Manifest>,
    timeout: number | undefined,
  ) {
    this.#connection = connection;
    this.#call = call;
    this.#bring = bring;
    this.#timeout = timeout;
  }

  /** The lease, the payload and the manifest are in the store. Puts them there again if the store has lost them. */
  async open(): Promise<void> {
    const connection = this.#connection;
    await connection.patience.until(this.#call, () => connection.renew(this.#call.call));
    const bytes = pack(await connection.patience.until(this.#call, this.#bring));
    const digest = digestOf(bytes);
    this.#manifest = { digest, bytes: bytes.length };
    this.sentBytes += bytes.length;
    await connection.patience.until(this.#call, async () => {
      const [isThere] = await connection.store.keep("manifest", [digest]);
      if (isThere !== true) await connection.store.putIfAbsent("manifest", digest, bytes);
    });
  }

  /** A shard that is to be sent. */
  shard(first: number, end: number, sends: number): Shard {
    this.#count += 1;
    return { id: `${this.#call.call}.${this.#count}`, first, end, sends, sent: clock() };
  }

  send({ id, first, end }: Shard): Promise<void> {
    const { digest: manifest, bytes } = this.#manifest;
    const timeout = this.#timeout ?? null;
    // The time of day, which machines have in common.
    const expires = Date.now() + REQUEST_MS;
    const { call } = this.#call;
    const request = { id, call, manifest, bytes, first, end, timeout, expires };
    return this.#connection.patience.until(this.#call, () => this.#connection.send(request));
  }
}
