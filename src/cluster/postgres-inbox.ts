/** Where nodes tell a client that results are there: a channel of PostgreSQL. What is said while nobody listens is looked for. */
import type { Socket } from "node:net";
import type { Client } from "pg";
import { setTimeout } from "../platform/builtins.js";
import type { PostgresClient } from "./postgres-client.js";
import type { Inbox } from "./store.js";
import { wordsOf } from "./store-errors.js";

const RETRY_MS = 500;

export class PostgresInbox implements Inbox {
  readonly #client: PostgresClient;
  readonly #channel: string;
  readonly #onNews: (shard: string) => void;
  #listener: Client | undefined;
  #isListening = false;
  #isNeeded = true;
  #isClosed = false;

  /** @param onNews told the id of a shard */
  constructor(client: PostgresClient, channel: string, onNews: (shard: string) => void) {
    this.#client = client;
    this.#channel = channel;
    this.#onNews = onNews;
  }

  /** The connection stays for later calls. */
  listen(isNeeded: () => boolean): void {
    if (!this.#isListening) void this.#listen(isNeeded);
  }

  keepAlive(isNeeded: boolean): void {
    this.#isNeeded = isNeeded;
    if (isNeeded) socketOf(this.#listener)?.ref();
    else socketOf(this.#listener)?.unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #listen(isNeeded: () => boolean): Promise<void> {
    this.#isListening = true;
    try {
      const listener = await this.#client.listen(this.#channel, this.#onNews, () => {
        this.#drop();
        setTimeout(() => {
          if (isNeeded()) this.listen(isNeeded);
        }, RETRY_MS);
      });
      this.#listener = listener;
      if (this.#isClosed) this.#drop();
      else this.keepAlive(this.#isNeeded);
    } catch (error) {
      this.#client.lastError = wordsOf(error);
      this.#isListening = false;
    }
  }

  #drop(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#isListening = false;
    listener?.removeAllListeners();
    listener?.on("error", () => {});
    listener?.end().catch(() => {});
  }
}

function socketOf(client: Client | undefined): Socket | undefined {
  return (client as unknown as { readonly connection?: { readonly stream?: Socket } })?.connection?.stream;
}
