/**
 * Ends tasks whose time is up. The calling thread looks at the meters of the workers, so workers read no clock for it. A round
 * runs each position once. So a worker that is at the same position in two looks was at it in between.
 */
import { clearInterval, setInterval, setTimeout } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import { unref } from "../../platform/runtime.js";
import type { Round } from "../../protocol/round.js";
import type { Job } from "../job.js";
import type { Participants } from "./participants.js";

// Most kernels that ask `aborted()` do so within a fraction of it; a worker that is ended costs a new one, some 50 ms.
const GRACE_MS = 100;
// Four looks per time-out, so a task ends at most a quarter of its time late. A look costs less than a microsecond.
const LOOKS = 4;
const LONGEST_MS = 250;

/** A worker that deadlines can end. */
interface Endable {
  terminate(): Promise<void>;
}

/**
 * Looks at the workers of a round until the round ends or the job is stopped. Fails each task whose time is up. Ends workers that
 * go on with it.
 * @returns ends the looks
 */
export function enforceDeadlines<W extends Endable>(
  timeout: number,
  job: Job,
  round: Round,
  participants: Participants<W>,
): () => void {
  const deadlines = new TaskDeadlines(timeout);
  const look = (): void => {
    const now = clock();
    for (const [worker, place] of participants.present()) {
      const task = taskAt(job, round, place);
      const verdict = deadlines.look(place, task?.position, now);
      if (verdict === "end") void worker.terminate();
      if (verdict !== "fail" || task === undefined) continue;
      // As if it had thrown: tasks before it go on, and its kernel learns by `aborted()` that nobody waits for it.
      job.fail(task.index, undefined);
      if (job.parts.spec.single === true) round.control.deny(task.position);
      else round.control.lowerLimit(task.position);
    }
  };
  // Workers that run keep the process alive.
  const timer = unref(setInterval(look, lookInterval(timeout)));
  const end = (): void => clearInterval(timer);
  job.onStop(end);
  return end;
}

/** The task that a worker is at and has not ended; `undefined` if there is none. */
export function taskAt(
  job: Job,
  round: Round,
  place: number,
): { readonly position: number; readonly index: number } | undefined {
  const position = round.at(place);
  if (position === undefined) return undefined;
  const index = round.indexAt(position);
  return job.hasEnded(index, round.passAt(position)) ? undefined : { position, index };
}

/** Milliseconds between two looks. */
export function lookInterval(timeout: number): number {
  return Math.min(LONGEST_MS, Math.max(1, timeout / LOOKS));
}

// Looks come late if the calling thread was busy, or if the whole process was suspended. That is not the task's time.
const MOST_LATE = 2;

interface Seen {
  readonly position: number;
  /** The last look. */
  at: number;
  /** Milliseconds since its first look, or since its time was up. */
  spent: number;
  isOver: boolean;
}

/** What to do about a task: first fail it, later end its worker, which is still at it. */
export type Verdict = "fail" | "end" | undefined;

export class TaskDeadlines {
  readonly #timeout: number;
  readonly #longest: number;
  readonly #seen = new Map<number, Seen>();

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#longest = MOST_LATE * lookInterval(timeout);
  }

  /** A look at a worker. @param position of the task it is at; `undefined` if at none */
  look(participant: number, position: number | undefined, now: number): Verdict {
    const seen = this.#seen.get(participant);
    if (position === undefined) {
      this.#seen.delete(participant);
      return undefined;
    }
    if (seen?.position !== position) {
      this.#seen.set(participant, { position, at: now, spent: 0, isOver: false });
      return undefined;
    }
    seen.spent += Math.min(now - seen.at, this.#longest);
    seen.at = now;
    if (seen.isOver) return seen.spent >= GRACE_MS ? "end" : undefined;
    if (seen.spent < this.#timeout) return undefined;
    seen.isOver = true;
    seen.spent = 0;
    return "fail";
  }
}

// How long a worker may go on with a task of a job that was stopped. Most tasks end or look at `aborted()` within a
// fraction of it; ending a worker costs a new one, some 50 ms.
const STOPPED_MS = 1000;

/** The job was stopped. Workers that go on with its tasks for long are ended, because nobody waits for them. */
export function endStopped<W extends Endable>(
  participants: Pick<Participants<W>, "present">,
  round: { at(place: number): number | undefined },
): void {
  const end = (): void => {
    for (const [worker, place] of participants.present()) {
      // Other workers have not begun it, and work for other rounds.
      if (round.at(place) !== undefined) void worker.terminate();
    }
  };
  unref(setTimeout(end, STOPPED_MS));
}
