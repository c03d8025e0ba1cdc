/** Connections to PostgreSQL that come back by themselves. Statements wait until they do. */
import type { Client, Pool, QueryResult } from "pg";
import { setTimeout } from "../platform/builtins.js";
import { TABLES } from "./postgres-tables.js";
import { codeOf, isCut, wordsOf } from "./store-errors.js";

const CONNECTIONS = 4;
const FIRST_WAIT_MS = 50;
const MOST_WAIT_MS = 1000;
/** No such table, or schema. */
const NO_TABLE = /^(42P01|3F000)$/;

export class PostgresClient {
  readonly #address: string;
  #pool: Promise<Pool> | undefined;
  #isClosed = false;
  isReady = false;
  lastError: string | undefined;

  /** Connects at the first statement. */
  constructor(address: string) {
    this.#address = address;
  }

  /** @throws what the server refuses */
  async query(text: string, values: readonly unknown[] = []): Promise<QueryResult> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, MOST_WAIT_MS)) {
      try {
        const pool = await this.#open();
        const result = await pool.query(text, values as unknown[]);
        this.isReady = true;
        return result;
      } catch (error) {
        if (NO_TABLE.test(codeOf(error))) await this.#makeTables();
        else if (!this.#mayPass(error)) throw error;
      }
      await pauseFor(wait);
    }
  }

  /** A connection that waits for news on a channel. @param onEnd told once that it is lost */
  async listen(channel: string, onNews: (text: string) => void, onEnd: () => void): Promise<Client> {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: this.#address, keepAlive: true });
    client.on("error", onEnd);
    client.on("end", onEnd);
    client.on("notification", ({ payload }) => onNews(payload ?? ""));
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    return client;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.isReady = false;
    await (await this.#pool)?.end();
  }

  #open(): Promise<Pool> {
    this.#pool ??= this.#connect();
    return this.#pool;
  }

  async #connect(): Promise<Pool> {
    const { default: pg } = await import("pg");
    const pool = new pg.Pool({
      connectionString: this.#address,
      max: CONNECTIONS,
      allowExitOnIdle: true,
      keepAlive: true,
    });
    pool.on("error", (error) => this.#mayPass(error));
    return pool;
  }

  async #makeTables(): Promise<void> {
    try {
      await (await this.#open()).query(TABLES);
    } catch (error) {
      if (!this.#mayPass(error)) throw error;
    }
  }

  #mayPass(error: unknown): boolean {
    this.isReady = false;
    this.lastError = wordsOf(error);
    return !this.#isClosed && isCut(error);
  }
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
