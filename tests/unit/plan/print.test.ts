import { expect, it } from "vitest";
import { bytes, ms } from "../../../src/plan/print.js";

it.each<[number, string]>([
  [0, "0.000 ms"],
  [1e-6, "1 ns"],
  [0.00025, "250 ns"],
  [0.001, "0.001 ms"],
  [0.25, "0.250 ms"],
  [1, "1.0 ms"],
  [12.34, "12.3 ms"],
  [100, "100 ms"],
  [1234.5, "1235 ms"],
])("%d ms read %s", (value, text) => {
  expect(ms(value)).toBe(text);
});

it.each<[number, string]>([
  [0, "0 bytes"],
  [1, "1 bytes"],
  [999, "999 bytes"],
  [1000, "1.00 KB"],
  [1500, "1.50 KB"],
  [256e6, "256 MB"],
  [1e9, "1.00 GB"],
  [2.5e12, "2500 GB"],
])("%d bytes read %s", (value, text) => {
  expect(bytes(value)).toBe(text);
});
