/** Shows that the page keeps drawing: the longest gap between two of its frames while work is going on. */

export class FrameMeter {
  readonly #place: HTMLElement;
  #isRunning = false;
  #longest = 0;
  #count = 0;

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  start(): void {
    this.#isRunning = true;
    this.#longest = 0;
    this.#count = 0;
    let last: number | undefined;
    const frame = (now: number): void => {
      if (!this.#isRunning) return;
      // A hidden page has no frames.
      if (last !== undefined && !document.hidden) this.#longest = Math.max(this.#longest, now - last);
      last = document.hidden ? undefined : now;
      this.#count += 1;
      if (this.#count % 6 === 0) this.#show();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  stop(): void {
    this.#isRunning = false;
    this.#show();
  }

  #show(): void {
    this.#place.textContent = `${this.#count} frames, longest gap ${this.#longest.toFixed(0)} ms`;
  }
}
