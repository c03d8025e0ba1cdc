import { expect, it } from "vitest";
import { addressSpaceLeft } from "../../../src/platform/address-space.js";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units     
Max processes             96365                96365                processes 
Max address space         SOFT            unlimited            bytes     
Max file locks            unlimited            unlimited            locks     
`;
const STATUS = "Name:\tnode\nVmPeak:\t  800000 kB\nVmSize:\t  700000 kB\nVmRSS:\t   40000 kB\n";

const files = (limits: string | undefined, status: string | undefined) => (path: string) =>
  ({ "/proc/self/limits": limits, "/proc/self/status": status })[path];

it("the free address space is the soft limit without what the process has", () => {
  expect(addressSpaceLeft(files(LIMITS.replace("SOFT", "1073741824"), STATUS))).toBe(2 ** 30 - 716_800_000);
});

it("the free address space may be negative, because the limit may come later", () => {
  expect(addressSpaceLeft(files(LIMITS.replace("SOFT", "716800"), STATUS))).toBe(716_800 - 716_800_000);
});

it("the free address space is infinite if there is no limit, or none can be read", () => {
  const unlimited = LIMITS.replace("SOFT", "unlimited");
  const limited = LIMITS.replace("SOFT", "716800");
  for (const given of [files(unlimited, STATUS), files(undefined, STATUS), files(limited, undefined)]) {
    expect(addressSpaceLeft(given)).toBe(Infinity);
  }
});
