/** What sharray uses of `node:diagnostics_channel`. Only this thread's copy of the package knows these channels. */
type Subscriber = (message: unknown, name: string) => void;

export class Channel {
  readonly name: string;
  readonly #subscribers = new Set<Subscriber>();

  constructor(name: string) {
    this.name = name;
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  /** The page is told what a subscriber throws, as Node tells the process. Other subscribers hear the message all the same. */
  publish(message: unknown): void {
    for (const subscriber of [...this.#subscribers]) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        reportError(error);
      }
    }
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  unsubscribe(subscriber: Subscriber): boolean {
    return this.#subscribers.delete(subscriber);
  }
}

const channels = new Map<string, Channel>();

export function channel(name: string): Channel {
  let known = channels.get(name);
  if (known === undefined) {
    known = new Channel(name);
    channels.set(name, known);
  }
  return known;
}

export function subscribe(name: string, subscriber: Subscriber): void {
  channel(name).subscribe(subscriber);
}

export function unsubscribe(name: string, subscriber: Subscriber): boolean {
  return channel(name).unsubscribe(subscriber);
}
