/** The store in PostgreSQL: one table of entries that expire. BullMQ has tables of its own beside it. */
import { createPostgresBackend, Queue, Worker } from "bullmq";
import { PostgresClient } from "./postgres-client.js";
import { PostgresInbox } from "./postgres-inbox.js";
import { QUEUE_SCHEMA } from "./postgres-tables.js";
import {
  type Addressed,
  type Inbox,
  type NodeWorker,
  PIECE_MS,
  type QueuedJob,
  RESULT_MS,
  type ShardQueue,
  type Sort,
  type Store,
  type WorkerSettings,
} from "./store.js";
import { wordsOf } from "./store-errors.js";

const RETRY_MS = 1000;
/** What an entry is replaced by. An expired one counts as none. */
const PUT = `INSERT INTO sharray.entry VALUES ($1, $2, now() + $3 * interval '1 ms')
  ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, expires = excluded.expires`;
const NOBODY = "sharray.entry.expires < now()";
const IS_THERE = "expires > now()";

export class PostgresStore implements Store {
  readonly #address: string;
  readonly #name: string;
  readonly #client: PostgresClient;
  #inbox: PostgresInbox | undefined;
  #queue: ShardQueue | undefined;
  #isNeeded = false;

  constructor(address: string, name: string) {
    this.#address = address;
    this.#name = name;
    this.#client = new PostgresClient(address);
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  get lastError(): string | undefined {
    return this.#client.lastError;
  }

  set lastError(words: string | undefined) {
    this.#client.lastError = words;
  }

  #key(sort: Sort | "run", id = ""): string {
    return `${this.#name}:${sort}:${id}`;
  }

  async #put(key: string, bytes: Buffer, ms: number, condition = ""): Promise<void> {
    await this.#client.query(PUT + condition, [key, bytes, ms]);
  }

  /** The bytes of entries whose keys begin with a prefix, in the order of their keys. */
  async #all(prefix: string): Promise<string[]> {
    const { rows } = await this.#client.query(
      `SELECT bytes FROM sharray.entry WHERE starts_with(key, $1) AND ${IS_THERE} ORDER BY key`,
      [prefix],
    );
    return rows.map(({ bytes }) => String(bytes));
  }

  async putIfAbsent(sort: Addressed, digest: string, bytes: Buffer): Promise<void> {
    await this.#put(this.#key(sort, digest), bytes, PIECE_MS, ` WHERE ${NOBODY}`);
  }

  async keep(sort: Addressed, digests: readonly string[]): Promise<boolean[]> {
    const keys = digests.map((digest) => this.#key(sort, digest));
    const { rows } = await this.#client.query(
      `UPDATE sharray.entry SET expires = now() + $2 * interval '1 ms'
        WHERE key = ANY($1) AND ${IS_THERE} RETURNING key`,
      [keys, PIECE_MS],
    );
    const there = new Set(rows.map(({ key }) => key as string));
    return keys.map((key) => there.has(key));
  }

  async get(sort: Sort, id: string): Promise<Buffer | undefined> {
    const { rows } = await this.#client.query(
      `SELECT bytes FROM sharray.entry WHERE key = $1 AND ${IS_THERE}`,
      [this.#key(sort, id)],
    );
    return rows[0]?.bytes as Buffer | undefined;
  }

  async piece(digest: string): Promise<Buffer | undefined> {
    await this.keep("piece", [digest]);
    return this.get("piece", digest);
  }

  async sizeOf(sort: Sort, id: string): Promise<number> {
    const { rows } = await this.#client.query(
      `SELECT length(bytes) AS size FROM sharray.entry WHERE key = $1 AND ${IS_THERE}`,
      [this.#key(sort, id)],
    );
    return Number(rows[0]?.size ?? 0);
  }

  put(sort: "result" | "output", id: string, bytes: Buffer): Promise<void> {
    return this.#put(this.#key(sort, id), bytes, RESULT_MS);
  }

  async take(shard: string): Promise<Buffer | undefined> {
    const { rows } = await this.#client.query(
      `WITH old AS (SELECT key, bytes FROM sharray.entry WHERE key = $1 AND ${IS_THERE} FOR UPDATE)
       UPDATE sharray.entry SET bytes = '' FROM old WHERE entry.key = old.key RETURNING old.bytes`,
      [this.#key("result", shard)],
    );
    const bytes = rows[0]?.bytes as Buffer | undefined;
    return bytes?.length === 0 ? undefined : bytes;
  }

  async hasResult(shard: string): Promise<boolean> {
    const { rowCount } = await this.#client.query(
      `SELECT 1 FROM sharray.entry WHERE key = $1 AND ${IS_THERE}`,
      [this.#key("result", shard)],
    );
    return rowCount === 1;
  }

  async remove(sort: Sort, ids: readonly string[]): Promise<void> {
    await this.#remove(ids.map((id) => this.#key(sort, id)));
  }

  async #remove(keys: readonly string[]): Promise<void> {
    await this.#client.query("DELETE FROM sharray.entry WHERE key = ANY($1)", [keys]);
  }

  note(run: string, first: string, text: string): Promise<void> {
    return this.#put(this.#key("run", `${run}:${first}`), Buffer.from(text), RESULT_MS);
  }

  notes(run: string): Promise<string[]> {
    return this.#all(this.#key("run", `${run}:`));
  }

  forget(run: string, first: string): Promise<void> {
    return this.#remove([this.#key("run", `${run}:${first}`)]);
  }

  renew(call: string, ms: number): Promise<void> {
    return this.#put(this.#key("call", call), Buffer.from("1"), ms);
  }

  async areAwaited(calls: readonly string[]): Promise<boolean[]> {
    const keys = calls.map((call) => this.#key("call", call));
    const { rows } = await this.#client.query(
      `SELECT key FROM sharray.entry WHERE key = ANY($1) AND ${IS_THERE}`,
      [keys],
    );
    const there = new Set(rows.map(({ key }) => key as string));
    return keys.map((key) => there.has(key));
  }

  /** Nodes also remove what has expired: nothing else does. */
  async beat(node: string, text: string, ms: number): Promise<void> {
    await this.#put(this.#key("node", node), Buffer.from(text), ms);
    await this.#client.query("DELETE FROM sharray.entry WHERE expires < now()");
  }

  leave(node: string): Promise<void> {
    return this.#remove([this.#key("node", node)]);
  }

  nodes(): Promise<string[]> {
    return this.#all(this.#key("node"));
  }

  /** Who does not listen looks for results by itself, so nothing keeps what nobody heard. */
  async tell(client: string, shard: string): Promise<void> {
    await this.#client.query("SELECT pg_notify($1, $2)", [this.#channel(client), shard]);
  }

  #channel(client: string): string {
    return `sharray:${client}`;
  }

  inbox(client: string, onNews: (shard: string) => void): Inbox {
    this.#inbox = new PostgresInbox(this.#client, this.#channel(client), onNews);
    return this.#inbox;
  }

  queue(): ShardQueue {
    if (this.#queue === undefined) {
      const queue = new Queue(this.#name, { connection: this.#settings() }, createPostgresBackend);
      queue.on("error", () => {});
      // BullMQ keeps a first attempt to connect that has failed.
      queue.waitUntilReady().catch(() => {
        if (this.#queue === queue) this.#queue = undefined;
        queue.close().catch(() => {});
      });
      this.#queue = queue;
    }
    return this.#queue;
  }

  worker(run: (job: QueuedJob) => Promise<unknown>, settings: WorkerSettings): NodeWorker {
    const connection = this.#settings();
    const worker = new Worker(
      this.#name,
      run,
      { connection, runRetryDelay: RETRY_MS, ...settings },
      createPostgresBackend,
    );
    worker.on("error", (error) => {
      this.lastError = wordsOf(error);
    });
    return worker;
  }

  #settings(): never {
    const settings = {
      connectionString: this.#address,
      schema: QUEUE_SCHEMA,
      migrate: true,
      allowExitOnIdle: true,
      keepAlive: true,
    };
    // The type of the option knows Redis alone.
    return settings as never;
  }

  keepAlive(isNeeded: boolean): void {
    this.#isNeeded = isNeeded;
    this.#inbox?.keepAlive(this.#isNeeded);
  }

  async close(): Promise<void> {
    this.#inbox?.close();
    await this.#queue?.close().catch(() => {});
    await this.#client.close();
  }
}
