/**
 * Tasks whose time is up, as the caller's side sees it from its looks at the workers' meters: workers themselves read no
 * clock for it. A position is run once in a round, so a worker that is seen at the same one has been at it in between.
 */
import { clearInterval, setInterval, setTimeout } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import { unref } from "../../platform/runtime.js";
import type { Participants } from "./participants.js";

// Most kernels that ask `aborted()` do so within a fraction of it; a worker that is ended costs a new one, some 50 ms.
const GRACE_MS = 100;
// Four looks per time-out: a task is ended a quarter of its time late at most. A look costs less than a microsecond.
const LOOKS = 4;
const LONGEST_MS = 250;

/**
 * Looks, until it is ended, at what workers are at.
 * @param look asks for a verdict about each
 * @returns ends it
 */
export function watchDeadlines(
  timeout: number,
  look: (overtime: TaskDeadlines, now: number) => void,
): () => void {
  const overtime = new TaskDeadlines(timeout);
  // Workers that run keep the process alive.
  const timer = unref(setInterval(() => look(overtime, clock()), lookInterval(timeout)));
  return () => clearInterval(timer);
}

/** Milliseconds between two looks. */
export function lookInterval(timeout: number): number {
  return Math.min(LONGEST_MS, Math.max(1, timeout / LOOKS));
}

// Looks come late if the caller's thread was busy, or the whole process stood still: that is not the task's time.
const MOST_LATE = 2;

interface Seen {
  readonly position: number;
  /** The last look. */
  at: number;
  /** Milliseconds since its first look; once its time is up, since then. */
  spent: number;
  isOver: boolean;
}

/** What is to be done about a task: fail it; later end its worker, which has not left it. */
export type Verdict = "fail" | "end" | undefined;

export class TaskDeadlines {
  readonly #timeout: number;
  readonly #longest: number;
  readonly #seen = new Map<number, Seen>();

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#longest = MOST_LATE * lookInterval(timeout);
  }

  /** A look at a worker. @param position of the task it is at; undefined: at none */
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

/** The job was stopped: workers that go on with its tasks for long are ended, for nobody waits for them. */
export function endStopped<W extends { terminate(): Promise<void> }>(
  crew: Pick<Participants<W>, "present">,
  round: { at(place: number): number | undefined },
): void {
  const end = (): void => {
    for (const [worker, place] of crew.present()) {
      // Others have it before them still, and work for other rounds.
      if (round.at(place) !== undefined) void worker.terminate();
    }
  };
  unref(setTimeout(end, STOPPED_MS));
}
