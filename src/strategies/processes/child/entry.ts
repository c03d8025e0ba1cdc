/** Where a child process of the pool starts. Its end is that of its parent at the latest. */
import { openChannel } from "../../../platform/parent-channel.js";
import { packThrown } from "../../../protocol/thrown.js";
import { frameOf } from "../frames.js";
import { Line } from "../line.js";
import type { FromChild, ToChild } from "../messages.js";
import { ChildServer } from "./child-server.js";

const channel = openChannel({
  receive: (bytes) => line.receive(bytes),
  broke: (error) => frameOf({ type: "dying", thrown: packThrown(error) } satisfies FromChild),
});
const line: Line<FromChild, ToChild> = new Line(
  (bytes) => channel.send(bytes),
  (message) => server.receive(message),
);
const server = new ChildServer(line);
