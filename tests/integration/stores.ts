/** Stores of the tests' own, as processes: a Redis, and a PostgreSQL. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createPostgresBackend, Queue } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { describe } from "vitest";

/** What tests do to a store, beside what clients and nodes do. */
export interface TestStore extends AsyncDisposable {
  readonly url: string;
  /** BullMQ's queue of that name, which others reach, too. */
  queue(name: string): Queue;
  /** The names of what is in a queue's part of the store: pieces, manifests, results, leases. */
  keys(queue: string, sort: string): Promise<readonly string[]>;
  /** Somebody else changes some bytes in the middle of an entry. */
  alter(key: string): Promise<void>;
  /** Somebody waits for a call, for ever. */
  lease(queue: string, call: string): Promise<void>;
  /** Puts an entry, which stays. */
  put(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Milliseconds until an entry expires. */
  left(key: string): Promise<number>;
  /** Changes all that is noted of the runs of a queue. */
  renote(queue: string, change: (text: string) => string): Promise<void>;
  /** Begins anew, without pieces and results. */
  restart(): Promise<void>;
}

export interface TestRedis extends TestStore {
  readonly port: number;
  readonly client: Redis;
}

const POSTGRES = "/usr/lib/postgresql/15/bin";

function answers(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

interface Kind {
  readonly name: "Redis" | "PostgreSQL";
  readonly isThere: boolean;
  readonly package: string;
  start(): Promise<TestStore>;
}

export const REDIS: Kind = {
  name: "Redis",
  isThere: answers("redis-server"),
  package: "redis-server",
  start: () => startRedis(),
};
const STORES: readonly Kind[] = [
  REDIS,
  {
    name: "PostgreSQL",
    isThere: answers(join(POSTGRES, "postgres")),
    package: "postgresql",
    start: () => startPostgres(),
  },
];

/** Tests on each kind of store. Skipped, loudly, where there is none. */
export function onStores(
  name: string,
  tests: (start: () => Promise<TestStore>, kind: Kind["name"]) => void,
  kinds: readonly Kind[] = STORES,
): void {
  for (const kind of kinds) {
    const title = `${name}, on ${kind.name}`;
    if (!kind.isThere) {
      console.warn(
        `SKIPPED: ${title}, because it is not here. Debian has it: apt-get install ${kind.package}`,
      );
    }
    describe.skipIf(!kind.isThere)(title, () => tests(kind.start, kind.name));
  }
}

/** Starts a Redis on a free port. */
export async function startRedis(...parameters: readonly string[]): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "sharray-redis-"));
  const port = await freePort();
  const all = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder, ...parameters];
  const begin = (): ChildProcess => spawn("redis-server", all, { stdio: "ignore" });
  let server = begin();
  const password = parameters[parameters.indexOf("--requirepass") + 1];
  const isOpen = parameters.includes("--requirepass");
  const client = new Redis({
    port,
    maxRetriesPerRequest: null,
    ...(isOpen && password !== undefined && { password }),
  });
  client.on("error", () => {});
  const end = async (): Promise<void> => {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    queue: (name) => new Queue(name, { connection: client as never, prefix: "sharray-queue" }),
    keys: (queue, sort) => client.keys(`sharray:${queue}:${sort}:*`),
    async alter(key) {
      await client.setrange(key, 8, "altered!");
    },
    async put(key, text) {
      await client.set(key, text);
    },
    async lease(queue, call) {
      await client.set(`sharray:${queue}:call:${call}`, "1");
    },
    async remove(key) {
      await client.del(key);
    },
    left: (key) => client.pttl(key),
    async renote(queue, change) {
      for (const key of await client.keys(`sharray:${queue}:run:*`)) {
        for (const [first, text] of Object.entries(await client.hgetall(key)))
          await client.hset(key, first, change(text));
      }
    },
    async restart() {
      await end();
      server = begin();
      await client.ping();
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a PostgreSQL of its own on a free port. It refuses to run as root, so root has its user of Debian run it. */
async function startPostgres(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), "sharray-postgres-"));
  const port = await freePort();
  const isRoot = userInfo().uid === 0;
  const uid = isRoot ? Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" })) : undefined;
  const gid = isRoot ? Number(execFileSync("id", ["-g", "postgres"], { encoding: "utf8" })) : undefined;
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  const run = (name: string, parameters: readonly string[]): void => {
    execFileSync(join(POSTGRES, name), parameters, {
      stdio: "ignore",
      cwd: folder,
      ...(uid !== undefined && { uid, gid }),
    });
  };
  const data = join(folder, "data");
  run("initdb", ["-D", data, "-U", "sharray", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off -c max_connections=300`;
  const begin = (): void =>
    run("pg_ctl", ["-D", data, "-o", options, "-l", join(folder, "log"), "-w", "start"]);
  const end = (): void => run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
  begin();
  const url = `postgres://sharray@127.0.0.1:${port}/postgres`;
  const pool = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
  pool.on("error", () => {});
  const ask = async <T>(text: string, values: readonly unknown[]): Promise<T[]> =>
    (await pool.query(text, values as unknown[])).rows as T[];
  const put = async (key: string, text: string): Promise<void> => {
    await ask(
      `INSERT INTO sharray.entry VALUES ($1, $2, 'infinity')
        ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, expires = excluded.expires`,
      [key, Buffer.from(text)],
    );
  };
  return {
    url,
    put,
    lease: (queue, call) => put(`${queue}:call:${call}`, "1"),
    queue: (name) =>
      new Queue(
        name,
        { connection: { connectionString: url, schema: "sharray_queue", migrate: true } },
        createPostgresBackend,
      ) as unknown as Queue,
    async keys(queue, sort) {
      const found = await ask<{ key: string }>("SELECT key FROM sharray.entry WHERE starts_with(key, $1)", [
        `${queue}:${sort}:`,
      ]);
      return found.map(({ key }) => key);
    },
    async alter(key) {
      await ask("UPDATE sharray.entry SET bytes = overlay(bytes placing 'altered!' from 9) WHERE key = $1", [
        key,
      ]);
    },
    async remove(key) {
      await ask("DELETE FROM sharray.entry WHERE key = $1", [key]);
    },
    async left(key) {
      const [row] = await ask<{ ms: string }>(
        "SELECT extract(epoch FROM expires - now()) * 1000 AS ms FROM sharray.entry WHERE key = $1",
        [key],
      );
      return Number(row?.ms ?? -2);
    },
    async renote(queue, change) {
      const like = `${queue}:run:`;
      const found = await ask<{ key: string; bytes: Buffer }>(
        "SELECT key, bytes FROM sharray.entry WHERE starts_with(key, $1)",
        [like],
      );
      for (const { key, bytes } of found) {
        await ask("UPDATE sharray.entry SET bytes = $2 WHERE key = $1", [
          key,
          Buffer.from(change(String(bytes))),
        ]);
      }
    },
    async restart() {
      end();
      begin();
    },
    async [Symbol.asyncDispose]() {
      await pool.end().catch(() => {});
      if (existsSync(join(data, "postmaster.pid"))) end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
