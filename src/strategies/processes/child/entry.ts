/** Where a child process of the pool starts. It ends when its parent does, if not before. */
import { openChannel } from "../../../platform/parent-channel.js";
import { packThrown } from "../../../protocol/thrown.js";
import { FrameReader, frameOf } from "../frames.js";
import type { FromChild, ToChild } from "../messages.js";
import { ChildServer } from "./child-server.js";

const channel = openChannel({
  receive: (bytes) => reader.read(bytes),
  broke: (error) => frameOf({ type: "dying", thrown: packThrown(error) } satisfies FromChild),
});
const server = new ChildServer((message, values) => channel.send(frameOf(message, values)));
const reader = new FrameReader((message) => server.receive(message as ToChild));
