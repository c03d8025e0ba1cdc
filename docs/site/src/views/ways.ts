/** A card for each way: how long a round takes, how much it moves, and whether its result is the same. */

import type { Report, Round, WayName } from "../messages.js";
import { byId, html } from "./elements.js";
import { bytes, median, ms, short } from "./format.js";

export const TITLES: Readonly<Record<WayName, string>> = {
  sequential: "Sequential",
  clone: "Cloned",
  shared: "Shared",
};
export const WAY_NAMES = Object.keys(TITLES) as WayName[];

const ABOUT: Readonly<Record<WayName, string>> = {
  sequential: "sharray on one thread, where nothing has to move.",
  clone: "Plain workers, sent the arrays by postMessage as is common.",
  shared: "sharray on workers that read the arrays where they are.",
};

type Workload = Extract<Report, { type: "workload" }>;
type Began = Extract<Report, { type: "began" }>;
type Ended = Extract<Report, { type: "ended" }>;

export class WayCards {
  readonly #cards: ReadonlyMap<WayName, Card>;
  #workload: Workload | undefined;
  #sequential: number | undefined;

  constructor(place: HTMLElement) {
    this.#cards = new Map(WAY_NAMES.map((way) => [way, new Card(TITLES[way], ABOUT[way])]));
    for (const [way, { element }] of this.#cards) {
      element.dataset["way"] = way;
      place.append(element);
    }
  }

  begin(workload: Workload): void {
    const { amount, unit, payload } = workload;
    byId("work").textContent = `: ${short(amount)} ${unit}, ${bytes(payload)} of arrays`;
    this.#workload = workload;
    this.#sequential = undefined;
    for (const card of this.#cards.values()) card.show("·", "waiting", []);
  }

  progress(way: WayName, rounds: readonly Round[], { start }: Began, ended: Ended | undefined): void {
    const { amount, unit } = this.#workload!;
    const times = rounds.map((round) => round.end - round.start);
    const time = median(times);
    if (way === "sequential") this.#sequential = time;
    const factor = this.#sequential! / time;
    const than =
      way === "sequential" ? "of a round, median" : `of a round, ${factor.toFixed(2)} × sequential`;
    this.#cards.get(way)!.show(ms(time), than, [
      ["Bytes moved", bytes(rounds.at(-1)!.bytesMoved)],
      ["Throughput", `${short((amount * 1000) / time)} ${unit}/s`],
      ["First round", ms(times[0]!)],
      ["Workers start", way === "sequential" ? "none" : `${ms(start)}, once`],
      ["Ran on", ended?.ranOn ?? "…"],
      ["Result", ended === undefined ? "…" : ended.fingerprint, ended?.isEqual],
    ]);
  }
}

class Card {
  readonly element = html("article");
  readonly #time = html("p", { class: "time" }, "·");
  readonly #factor = html("p", { class: "factor" }, "not run yet");
  readonly #figures = html("dl");

  constructor(title: string, text: string) {
    this.element.append(
      html("h3", {}, title),
      html("p", { class: "about" }, text),
      this.#time,
      this.#factor,
      this.#figures,
    );
  }

  show(
    time: string,
    factor: string,
    figures: readonly (readonly [name: string, value: string, isEqual?: boolean | undefined])[],
  ): void {
    this.#time.textContent = time;
    this.#factor.textContent = factor;
    this.#figures.replaceChildren(
      ...figures.map(([name, value, isEqual]) => {
        const same = html(
          "span",
          { class: isEqual ? "same" : "different" },
          isEqual ? "same bytes" : "differs",
        );
        const mark = isEqual === undefined ? [] : [" ", same];
        return html("div", {}, html("dt", {}, name), html("dd", {}, value, ...mark));
      }),
    );
  }
}
