import { expect, it } from "vitest";
import { Ledger } from "../../../src/memory/ledger.js";

it("a ledger counts the bytes in use, their peak, and the regions", () => {
  const ledger = new Ledger(1000);
  ledger.gained();
  ledger.took(600);
  ledger.gained();
  ledger.took(300);
  expect([ledger.inUse, ledger.peak, ledger.regions]).toEqual([900, 900, 2]);
  ledger.returned(600);
  ledger.letGo(300);
  expect([ledger.inUse, ledger.peak, ledger.regions]).toEqual([0, 900, 1]);
  ledger.dropped();
  expect(ledger.regions).toBe(0);
});

it("a ledger is tight from more than a third of the limit on", () => {
  const ledger = new Ledger(900);
  ledger.took(300);
  expect(ledger.isTight).toBe(false);
  ledger.took(1);
  expect(ledger.isTight).toBe(true);
});

it("a ledger lets more be used than the limit only if that is asked for, and if workers are about to leave", () => {
  const ledger = new Ledger(1000);
  const most = (isLeft: boolean) =>
    (["nothing", "garbage", "leaving", "anything"] as const).map((excess) =>
      ledger.mostInUse(excess, () => isLeft),
    );
  expect(most(false)).toEqual([1000, 1000, 1000, Infinity]);
  expect(most(true)).toEqual([1000, 1000, 1250, Infinity]);
});

it("a ledger lets an eighth more be mapped than the limit", () => {
  expect(new Ledger(1000).mostMapped).toBe(1125);
});
