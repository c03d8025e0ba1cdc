/** Looks after what ends too soon for a message to be worth it: in every turn of the event loop, which it leaves free. */

export interface Polled {
  /** Takes a look. @returns whether there is no more to look at */
  poll(now: number): boolean;
}

const watched = new Set<Polled>();

/** Looks at `polled` in every turn of the event loop from the next one on, until it says that there is no more to see. */
export function poll(polled: Polled): void {
  if (watched.size === 0) setImmediate(turn);
  watched.add(polled);
}

function turn(): void {
  const now = performance.now();
  for (const each of watched) if (each.poll(now)) watched.delete(each);
  if (watched.size > 0) setImmediate(turn);
}
