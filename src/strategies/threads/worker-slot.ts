/** One worker's place in a pool, as the pool and rounds see it. The worker is a thread or a process. */
import type { Found } from "../../protocol/doorbell.js";
import type { Round } from "../../protocol/round.js";
import type { Job } from "../job.js";
import type { PlacedJob } from "../strategy.js";
import type { RoundListener } from "./round-listener.js";
import type { WorkerKnowledge } from "./worker-knowledge.js";

/** Invites a worker to take part in a round. */
export interface Invitation {
  /** Names the round in the worker's answers. */
  readonly id: number;
  readonly round: Round;
  /** The worker's place in it. */
  readonly participant: number;
  readonly job: Job;
  readonly placed: PlacedJob;
}

export interface WorkerSlot {
  /** Names the worker among those of its pool, from 1. */
  readonly number: number;
  /** When its worker was started, as `performance.now()` counts. */
  readonly started: number;
  readonly knowledge: WorkerKnowledge;
  /** Resolves when the worker serves rounds; rejects when it could not be started. */
  readonly ready: Promise<void>;
  /** Resolves when the worker has ended. */
  readonly ended: Promise<void>;
  /** Rounds that the worker was woken for and has not left. */
  readonly rounds: number;
  /** When the worker began to serve, as `performance.now()` counts; `undefined` if not yet. */
  readonly readySince: number | undefined;
  /** When the worker last had something to do, as `performance.now()` counts; `undefined` while it has. */
  readonly idleSince: number | undefined;
  /** Whether the pool has ended it. */
  readonly isTerminated: boolean;
  /** Wakes the worker for a round, at once or when it has started. */
  wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found;
  /** The worker has left the round, as the listener saw at `now`. */
  leave(round: number, now: number): void;
  /** Ends the worker; its rounds hear that it is lost. Further calls wait for the same end. */
  terminate(): Promise<void>;
}

/** What a slot tells its pool. */
export interface SlotOwner {
  /** The worker has nothing to do. */
  released(): void;
  /** The worker takes part in no round any more. */
  ended(slot: WorkerSlot): void;
  /** The worker can't reach these memories any more. */
  unheld(memory: readonly number[]): void;
}
