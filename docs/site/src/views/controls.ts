/** The form: which controls a workload has, what they say, and the settings they make. */

import type { Settings, WorkloadName } from "../messages.js";
import { byId } from "./elements.js";

/** What a slider's figure means. */
const SAYS: Readonly<Record<string, (value: number) => string>> = {
  repeat: (value) => `${value} million`,
  megapixels: (value) => `${value} megapixels`,
};

export class Controls {
  readonly #form: HTMLFormElement;
  readonly #run = byId<HTMLButtonElement>("run");
  readonly #onRun: (settings: Settings) => void;
  readonly #onStop: () => void;
  #isRunning = false;

  constructor(form: HTMLFormElement, onRun: (settings: Settings) => void, onStop: () => void) {
    this.#form = form;
    this.#onRun = onRun;
    this.#onStop = onStop;
    form.addEventListener("input", ({ target }) => {
      if ((target as HTMLInputElement).name === "workload") this.#suggestSize(target as HTMLInputElement);
      this.#show();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#isRunning) this.#onStop();
      else this.#onRun(this.#settings());
    });
    this.#show();
  }

  /** The engine is there, on a machine with so many cores. */
  ready(cores: number): void {
    const workers = this.#form.elements.namedItem("workers") as HTMLInputElement;
    workers.max = `${cores}`;
    workers.value = `${cores}`;
    this.#run.disabled = false;
    this.#show();
  }

  set isRunning(isRunning: boolean) {
    this.#isRunning = isRunning;
    this.#run.textContent = isRunning ? "Stop" : "Run all three";
    for (const fieldset of this.#form.querySelectorAll("fieldset")) fieldset.disabled = isRunning;
  }

  #settings(): Settings {
    const data = new FormData(this.#form);
    const number = (name: string): number => Number(data.get(name));
    return {
      workload: data.get("workload") as WorkloadName,
      filter: data.get("filter") as Settings["filter"],
      strategy: data.get("strategy") as Settings["strategy"],
      repeat: number("repeat"),
      resamples: number("resamples"),
      megapixels: number("megapixels"),
      workers: number("workers"),
      rounds: number("rounds"),
    };
  }

  /** Workloads differ in what they do per flight: what takes a second of one is too little of another. */
  #suggestSize({ dataset: { repeat } }: HTMLInputElement): void {
    const slider = this.#form.elements.namedItem("repeat") as HTMLInputElement;
    slider.value = repeat ?? slider.value;
  }

  #show(): void {
    const { workload } = this.#settings();
    for (const part of this.#form.querySelectorAll<HTMLElement>("[data-for]")) {
      part.hidden = !part.dataset["for"]!.split(" ").includes(workload);
    }
    for (const slider of this.#form.querySelectorAll<HTMLElement>(".slider")) {
      const input = slider.querySelector("input")!;
      const says = SAYS[input.name] ?? String;
      const text = says(input.valueAsNumber);
      slider.querySelector("output")!.value = text;
      input.setAttribute("aria-valuetext", text);
    }
  }
}
