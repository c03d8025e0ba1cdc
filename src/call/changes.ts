/** One waiter for whatever changes. It looks itself what has changed. */
export class Changes {
  #onChange = (): void => {};

  tell(): void {
    this.#onChange();
  }

  /** Resolves at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  /** What `step` comes to; `undefined` if it is over before. `Promise.race` would keep every step until then. */
  unless<T>(isOver: () => boolean, step: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#onChange = () => {
        if (isOver()) resolve(undefined);
      };
      step.then(resolve, reject);
    });
  }
}
