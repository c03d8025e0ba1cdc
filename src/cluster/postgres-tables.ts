/** The tables of the store in PostgreSQL. */

/** The schema of BullMQ's own tables. */
export const QUEUE_SCHEMA = "sharray_queue";

/** Makes one process at a time create the tables: the letters "shar". */
const LOCK = 0x73686172;

/**
 * All of it can be put again, so nothing is logged ahead: that halves what is written. After a crash of the server the tables are empty.
 * Bytes are not compressed: digests say that they are as they were, and numbers hardly shrink.
 */
export const TABLES = `
  SELECT pg_advisory_xact_lock(${LOCK});
  CREATE SCHEMA IF NOT EXISTS sharray;
  CREATE UNLOGGED TABLE IF NOT EXISTS sharray.entry (
    key text PRIMARY KEY,
    bytes bytea NOT NULL,
    expires timestamptz NOT NULL
  );
  ALTER TABLE sharray.entry ALTER COLUMN bytes SET STORAGE EXTERNAL;
  CREATE INDEX IF NOT EXISTS entry_expires ON sharray.entry (expires);
`;
