/** Sends shards of one job: first what all of them have in common, then each as a request. */

import { randomUUID } from "node:crypto";
import { clock } from "../platform/clock.js";
import type { ClusterConnection } from "./connection.js";
import { type Manifest, pack } from "./messages.js";
import { RunLedger, runOf } from "./run-ledger.js";
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
  readonly #call: { readonly isOver: boolean };
  /** Begins the ids of shards. They are new each time, because a node runs none twice. */
  readonly #id = randomUUID();
  readonly #bring: () => Promise<Manifest>;
  readonly #timeout: number | undefined;
  #manifest = { digest: "", bytes: 0 };
  #count = 0;
  #ledger: RunLedger | undefined;
  /** Names the call's lease. Clients that make the same call again share it: what nodes still run of that goes on. */
  lease: string = this.#id;
  /** Bytes of manifests. */
  sentBytes = 0;

  /**
   * @param bring has the store hold what the job reads
   * @param timeout milliseconds that each task may take
   */
  constructor(
    connection: ClusterConnection,
    call: { readonly isOver: boolean },
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
    const manifest = await connection.patience.until(this.#call, this.#bring);
    const bytes = pack(manifest);
    const digest = digestOf(bytes);
    this.#manifest = { digest, bytes: bytes.length };
    this.sentBytes += bytes.length;
    await connection.patience.until(this.#call, async () => {
      const [isThere] = await connection.store.keep("manifest", [digest]);
      if (isThere !== true) await connection.store.putIfAbsent("manifest", digest, bytes);
    });
    if (connection.resume && this.#ledger === undefined) await this.#openLedger(runOf(manifest));
    await connection.patience.until(this.#call, () => connection.renew(this.lease));
  }

  async #openLedger(run: string): Promise<void> {
    const { patience, store, signer } = this.#connection;
    this.lease = run;
    this.#ledger = await patience.until(this.#call, () => RunLedger.open(store, signer, run));
  }

  /** A shard that an earlier client has sent, and that begins with this task. */
  earlier(first: number): Shard | undefined {
    const noted = this.#ledger?.take(first);
    return noted && { ...noted, sends: 1, sent: Number.NEGATIVE_INFINITY };
  }

  /** A shard has failed. */
  async forget({ first }: Shard): Promise<void> {
    await this.#connection.patience.until(this.#call, async () => this.#ledger?.forget(first));
  }

  /** A shard that is to be sent. */
  shard(first: number, end: number, sends: number): Shard {
    this.#count += 1;
    return { id: `${this.#id}.${this.#count}`, first, end, sends, sent: clock() };
  }

  async send(shard: Shard): Promise<void> {
    const { id, first, end } = shard;
    const { digest: manifest, bytes } = this.#manifest;
    const timeout = this.#timeout ?? null;
    // The time of day, which machines have in common.
    const expires = Date.now() + REQUEST_MS;
    const request = { id, call: this.lease, manifest, bytes, first, end, timeout, expires };
    await this.#connection.patience.until(this.#call, async () => {
      await this.#ledger?.note(shard);
      await this.#connection.send(request);
    });
  }
}
