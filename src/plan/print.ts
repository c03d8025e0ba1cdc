/** Plans as people read them. */
import type { Estimate, Plan } from "./plan.js";

export function ms(value: number): string {
  if (value >= 100) return `${value.toFixed(0)} ms`;
  if (value >= 1) return `${value.toFixed(1)} ms`;
  return value >= 0.001 || value === 0 ? `${value.toFixed(3)} ms` : `${(value * 1e6).toFixed(0)} ns`;
}

export function bytes(value: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const scaled = value / 1000 ** power;
  return `${power === 0 || scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3)} ${units[power]}`;
}

/** The plan as a table: a row per strategy, then what is moved, why, and advice. `compute` includes the results. */
export function printPlan<N extends string>(plan: Plan<N>): string {
  const columns = ["spawn", "place", "dispatch", "compute", "total"] as const;
  const cost = ({ results, ...parts }: Estimate, column: (typeof columns)[number]): number =>
    column === "compute" ? parts.compute + results : parts[column];
  const rows = [
    ["strategy", ...columns],
    ...(Object.keys(plan.predicted) as N[]).map((name) => [
      name === plan.strategy ? `${name} *` : name,
      ...columns.map((column) => ms(cost(plan.predicted[name], column))),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
  const threads = `${plan.workers} thread${plan.workers === 1 ? "" : "s"}`;
  return [
    ...table,
    `* chosen: ${plan.reason}`,
    `${plan.tasks} tasks of ${plan.taskBytes} bytes on ${threads}; ${kernelLine(plan)}`,
    `${plan.bytesShared} bytes are shared already, ${plan.bytesToPlace} would be placed for workers`,
    ...plan.advice.map((advice) => `advice: ${advice}`),
  ].join("\n");
}

function kernelLine({ kernel }: Plan<string>): string {
  if (kernel === undefined) return "supposed: the kernel was never measured";
  const { basis, within, runs } = kernel;
  const measured = `the kernel was measured in ${runs} ${runs === 1 ? "run" : "runs"}`;
  const calls = basis === "seen" ? "calls like this one among them" : "but none like this one";
  const how =
    within === Infinity ? "its tasks may cost anything" : `good to a factor of ${within.toFixed(1)}`;
  return `${basis}: ${measured}, ${calls}; ${how}`;
}
