/** The list in which nodes tell a client that results are there. Nothing is lost while nobody reads it. */
import type { Redis } from "ioredis";
import type { Inbox } from "./store.js";

/** Seconds after which it looks whether it is still needed. */
const PATIENCE_S = 1;

export class RedisInbox implements Inbox {
  /** A connection that waits for news, and does nothing else. */
  readonly redis: Redis;
  readonly #key: string;
  readonly #onNews: (shard: string) => void;
  #isListening = false;
  #isClosed = false;

  /** @param onNews told the id of a shard */
  constructor(redis: Redis, key: string, onNews: (shard: string) => void) {
    this.redis = redis;
    this.#key = key;
    this.#onNews = onNews;
    // It connects again by itself.
    redis.on("error", () => {});
  }

  listen(isNeeded: () => boolean): void {
    if (!this.#isListening) void this.#listen(isNeeded);
  }

  close(): void {
    this.#isClosed = true;
    this.redis.disconnect();
  }

  async #listen(isNeeded: () => boolean): Promise<void> {
    this.#isListening = true;
    while (isNeeded() && !this.#isClosed) {
      const news = await this.redis.blpop(this.#key, PATIENCE_S).catch(() => null);
      if (news !== null) this.#onNews(news[1]);
    }
    this.#isListening = false;
  }
}
