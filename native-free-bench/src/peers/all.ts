/** All peers at once, so that they can race. Their workers end with the process of the cell. */
import { WORKERS } from "../harness/cell.js";
import { multithreading } from "./multithreading.js";
import type { Opener, Peer } from "./peer.js";
import { piscina, tinypool } from "./piscina.js";
import { poolifier } from "./poolifier.js";
import { threadsJs } from "./threads-js.js";
import { workerpool } from "./workerpool.js";

const OPENERS: readonly Opener[] = [piscina, tinypool, workerpool, poolifier, multithreading, threadsJs];

export async function openPeers(): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const open of OPENERS) peers.push(await open(WORKERS));
  return peers;
}
