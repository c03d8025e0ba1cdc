/** The plan of the shared way's last round: what the planner predicted, what it chose, what came true. */

import type { PlanView } from "../messages.js";
import { html, table } from "./elements.js";
import { bytes, ms } from "./format.js";

const PARTS = ["spawn", "place", "dispatch", "compute", "results", "total"] as const;

export function showPlan(place: HTMLElement, plan: PlanView): void {
  const { predicted, actual, strategy, reason, tasks, bytesShared, text } = plan;
  const chosen = (name: string): string => (name === strategy ? `${name} ✓` : name);
  place.replaceChildren(
    table(`Milliseconds, predicted per strategy and measured. Chosen: ${strategy}, as ${reason}.`, [
      ["part", chosen("sequential"), chosen("threads"), "measured"],
      ...PARTS.map((part) => [
        part,
        ...[predicted.sequential, predicted.threads, actual].map((estimate) => ms(estimate[part])),
      ]),
    ]),
    html(
      "p",
      { class: "note" },
      `${tasks} tasks over ${bytes(bytesShared)} that are on shared memory already.`,
    ),
  );
  if (text === undefined) return;
  const explained = html("pre", { tabindex: 0, role: "region", "aria-label": "Output of explain()" }, text);
  place.append(html("details", {}, html("summary", {}, "What executor.explain() prints now"), explained));
}
