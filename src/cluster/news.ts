/** Tells all who wait that something may have happened. */
export class News {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `tell`. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** Resolves once it is true, which is looked at after each `tell`. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.next();
  }

  tell(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const goOn of all) goOn();
  }
}
