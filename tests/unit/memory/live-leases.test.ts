import { expect, it } from "vitest";
import { type LiveLease, LiveLeases } from "../../../src/memory/live-leases.js";

function leaseOver(buffer: ArrayBufferLike, closingSince?: number): LiveLease & { tell(): void } {
  let tell = (): void => {};
  const returned = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { closingSince, uses: (other) => other === buffer, returned: () => returned, tell };
}

it("the wait for a piece of memory is for every call that uses it, and for no other", async () => {
  const [mine, other] = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)];
  const leases = new LiveLeases();
  const [first, second, stranger] = [leaseOver(mine), leaseOver(mine), leaseOver(other)];
  for (const lease of [first, second, stranger]) leases.opened(lease);
  const order: string[] = [];
  const unused = leases.unused(mine)?.then(() => order.push("unused"));
  first.tell();
  await first.returned().then(() => order.push("first"));
  second.tell();
  await unused;
  expect(order).toEqual(["first", "unused"]);
  leases.returned(first);
  leases.returned(second);
  expect(leases.unused(mine)).toBeUndefined();
});

it("the wait for leaving workers is for calls that have ended, and for no other", async () => {
  const buffer = new SharedArrayBuffer(8);
  const leases = new LiveLeases();
  leases.opened(leaseOver(buffer));
  expect(leases.haveClosed(0)).toBe(false);
  await leases.closed();
  const closing = leaseOver(buffer, 5);
  leases.opened(closing);
  expect([leases.haveClosed(5), leases.haveClosed(6)]).toEqual([true, false]);
  closing.tell();
  await leases.closed();
  leases.returned(closing);
  expect(leases.haveClosed(0)).toBe(false);
});
