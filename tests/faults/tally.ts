/** Counts by group and name. */
export type Counts = Record<string, Record<string, number>>;

export class Tally {
  readonly counts: Counts = {};

  add(group: string, name: string, count = 1): void {
    this.counts[group] ??= {};
    const names = this.counts[group];
    names[name] = (names[name] ?? 0) + count;
  }

  addAll(counts: Counts): void {
    for (const [group, names] of Object.entries(counts)) {
      for (const [name, count] of Object.entries(names)) this.add(group, name, count);
    }
  }

  total(group: string): number {
    return Object.values(this.counts[group] ?? {}).reduce((sum, count) => sum + count, 0);
  }
}
