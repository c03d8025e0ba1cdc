/**
 * One end of the line between a process and a child: a stream, and a mailbox in either direction for messages to somebody who looks.
 * Messages come out in the order in which they went in, whichever way they take.
 */
import type { Lookout } from "../threads/worker-slot.js";
import { FrameReader, frameOf } from "./frames.js";
import { MAILBOX_BYTES, type MailFile, MailReader, MailWriter } from "./mailbox.js";
import type { FromChild, ToChild } from "./messages.js";

/** Of both mailboxes: the one to the child first. */
export const MAIL_BYTES = 2 * MAILBOX_BYTES;

export class Line<Out extends ToChild | FromChild, In extends ToChild | FromChild> implements Lookout {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #reader: FrameReader;
  readonly #mailFrames: FrameReader;
  #mailWriter: MailWriter | undefined;
  #mailReader: MailReader | undefined;
  /** Messages written to the stream, and read from it. */
  #written = 0;
  #read = 0;
  #mailed = 0;

  /** @param write writes to the stream */
  constructor(write: (bytes: Uint8Array) => void, hear: (message: In, values: () => unknown) => void) {
    this.#write = write;
    this.#mailFrames = new FrameReader((message, values) => hear(message as In, values));
    this.#reader = new FrameReader((message, values) => {
      this.look();
      this.#read = (this.#read + 1) | 0;
      if (message.type !== "mail") hear(message as In, values);
    });
  }

  /** From now on there are mailboxes. @param place where they are */
  open(file: MailFile, place: number, isParent: boolean): void {
    const [toChild, toParent] = [place, place + MAILBOX_BYTES];
    this.#mailWriter = new MailWriter(file, isParent ? toChild : toParent);
    this.#mailReader = new MailReader(file, isParent ? toParent : toChild);
  }

  /** Messages that went to somebody who looked. */
  get mailed(): number {
    return this.#mailed;
  }

  /** @throws DataCloneError, RangeError where a value can't be carried */
  send(message: Out, values?: unknown): void {
    const frame = frameOf(message, values);
    const put = this.#mailWriter?.put(frame, this.#written) ?? "refused";
    if (put === "seen") this.#mailed += 1;
    else this.#stream(put === "unseen" ? frameOf({ type: "mail" }) : frame);
  }

  #stream(frame: Uint8Array): void {
    this.#written = (this.#written + 1) | 0;
    this.#write(frame);
  }

  /** Bytes have come by the stream. */
  receive(bytes: Uint8Array): void {
    this.#reader.read(bytes);
    this.look();
  }

  beginLook(): void {
    this.#mailReader?.begin();
  }

  look(): boolean {
    const mail = this.#mailReader?.take(this.#read);
    if (mail === undefined) return false;
    this.#mailFrames.read(mail);
    return true;
  }

  endLook(): void {
    if (this.#mailReader?.isLooking !== true) return;
    this.#mailReader.end();
    this.look();
  }
}
