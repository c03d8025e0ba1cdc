/**
 * A file without a name that a process and its children read and write together: the one memory that they share. On tmpfs it is
 * memory. Elsewhere the system keeps it in memory as long as there is room.
 */
import { builtInModule } from "./built-in-module.js";

const fs = builtInModule("node:fs");

/** Where children have it: behind the standard streams and the channel. */
export const TRANSIT_FD = 4;

// The least that a directory must have free. Containers have 64 MiB as a rule.
const LEAST_FREE = 32 * 1024 * 1024;

/**
 * Opens a new file. No other user can open it, and nothing is left behind when the process ends, however it does.
 * @returns its descriptor
 * @throws Error if no directory takes it
 */
export function openTransitFile(): number {
  const { tmpdir } = builtInModule("node:os");
  const directories = hasRoom("/dev/shm") ? ["/dev/shm", tmpdir()] : [tmpdir()];
  let failure: unknown;
  for (const directory of directories) {
    const path = `${directory}/sharray-${process.pid}-${Math.random().toString(36).slice(2)}`;
    try {
      const fd = fs.openSync(path, "wx+", 0o600);
      fs.unlinkSync(path);
      return fd;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = fs.statfsSync(directory);
    return bavail * bsize >= LEAST_FREE;
  } catch {
    return false;
  }
}

export function closeFile(fd: number): void {
  fs.closeSync(fd);
}

/** @returns false if there is no room for them */
export function writeBytes(fd: number, bytes: Uint8Array, at: number): boolean {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return false;
    throw error;
  }
}

/** Nobody has written behind the file's end. The bytes there stay as they are. */
export function readBytes(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const read = fs.readSync(fd, bytes, done, bytes.length - done, at + done);
    if (read === 0) return;
    done += read;
  }
}
