import { describe, expect, it } from "vitest";
import type { WakeMessage } from "../../../../../src/protocol/messages.js";
import type { JoinedRound } from "../../../../../src/strategies/threads/worker/joined-round.js";
import { KnownRounds } from "../../../../../src/strategies/threads/worker/known-rounds.js";

const wakeOf = (round: number, memory: number, version = 1): WakeMessage =>
  ({ round, memory, version }) as WakeMessage;

/** A round as the worker has read it. */
class Read {
  readonly isRepeatable: boolean;
  wake: WakeMessage;

  constructor(wake: WakeMessage, isRepeatable: boolean) {
    this.wake = wake;
    this.isRepeatable = isRepeatable;
  }

  isFor({ version }: WakeMessage): boolean {
    return version === this.wake.version;
  }

  repeat(wake: WakeMessage): void {
    this.wake = wake;
  }
}

const read = (wake: WakeMessage, isRepeatable = true): JoinedRound & Read =>
  new Read(wake, isRepeatable) as unknown as JoinedRound & Read;

describe("the rounds that a worker knows", () => {
  it("serve a later round of the same version in the same memory", () => {
    const known = new KnownRounds();
    const joined = read(wakeOf(1, 7));
    known.add(joined);
    expect(known.find(wakeOf(2, 8))).toBeUndefined();
    expect(known.find(wakeOf(2, 7, 2))).toBeUndefined();
    expect(known.find(wakeOf(2, 7))).toBe(joined);
    expect(joined.wake.round).toBe(2);
  });

  it("do not serve another round if they can't be repeated", () => {
    const known = new KnownRounds();
    known.add(read(wakeOf(1, 7), false));
    expect(known.find(wakeOf(2, 7))).toBeUndefined();
  });

  it("are joined again as they are after a closed gate, by the same round alone", () => {
    const known = new KnownRounds();
    const joined = read(wakeOf(1, 7), false);
    known.leftAtGate(joined);
    expect(known.find(wakeOf(1, 7))).toBe(joined);
    known.leftAtGate(joined);
    expect(known.find(wakeOf(2, 7))).toBeUndefined();
    // Its memory is another round's by now.
    expect(known.find(wakeOf(1, 7))).toBeUndefined();
  });

  it("are forgotten all at once", () => {
    const known = new KnownRounds();
    known.add(read(wakeOf(1, 7)));
    known.leftAtGate(read(wakeOf(3, 8)));
    known.clear();
    expect(known.find(wakeOf(2, 7))).toBeUndefined();
    expect(known.find(wakeOf(3, 8))).toBeUndefined();
  });
});
