/** Boxes in a tree: sorted along a Z-shaped curve, sixteen to a node, level by level; then asked which of them meet a window. */
import type { Executor } from "sharray";
import { argsort } from "./argsort.js";
import { numbers, type Workload } from "./workload.js";

const [BOXES, WINDOWS, FAN] = [5000, 40, 16];

type Corners = Record<"left" | "top" | "right" | "bottom", Float64Array>;
const KINDS = { left: Float64Array, top: Float64Array, right: Float64Array, bottom: Float64Array };

function boxes(count: number, size: number): Corners {
  const corners = numbers(4 * count, 1000);
  const left = Float64Array.from(corners.slice(0, count));
  const top = Float64Array.from(corners.slice(count, 2 * count));
  const reach = (from: Float64Array, by: number): Float64Array =>
    from.map((at, i) => at + (corners[by * count + i]! * size) / 1000);
  return { left, top, right: reach(left, 2), bottom: reach(top, 3) };
}

const [given, windows] = [boxes(BOXES, 10), boxes(WINDOWS, 200)];

/** Ten bits with a gap after each. */
function spread(x: number): number {
  let bits = x;
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}

interface Tree {
  /** The box that each leaf is. */
  readonly order: Uint32Array;
  /** From the leaves to the root. */
  readonly levels: Corners[];
}

async function build(executor: Executor, boxes: Corners): Promise<Tree> {
  const curve = await executor.transformShared(boxes, Uint32Array, ({ left, top, right, bottom }, out) => {
    for (let i = 0; i < out.length; i++) {
      out[i] = spread((left[i]! + right[i]!) / 2) | (spread((top[i]! + bottom[i]!) / 2) << 1);
    }
  });
  const order = await argsort(executor, curve);
  const leaves = await executor.transformShared(order, KINDS, (order, out) => {
    for (const [i, box] of order.entries()) {
      out.left[i] = boxes.left[box]!;
      out.top[i] = boxes.top[box]!;
      out.right[i] = boxes.right[box]!;
      out.bottom[i] = boxes.bottom[box]!;
    }
  });
  const levels: Corners[] = [leaves];
  for (let below: Corners = leaves; below.left.length > 1; levels.push(below)) {
    const { left, top, right, bottom } = below;
    below = await executor.transformShared(Math.ceil(left.length / FAN), KINDS, (_, out, { start, end }) => {
      for (let node = start; node < end; node++) {
        const part = (side: Float64Array): Float64Array => side.subarray(node * FAN, (node + 1) * FAN);
        out.left[node - start] = Math.min(...part(left));
        out.top[node - start] = Math.min(...part(top));
        out.right[node - start] = Math.max(...part(right));
        out.bottom[node - start] = Math.max(...part(bottom));
      }
    });
  }
  return { order, levels };
}

/** Pairs of a window and a box that meet. */
function search(executor: Executor, { order, levels }: Tree, windows: Corners) {
  return executor.collectShared(
    windows,
    { window: Int32Array, box: Int32Array },
    ({ left, top, right, bottom }, out, { start }) => {
      let count = 0;
      const descend = (depth: number, node: number): void => {
        const level = levels[depth]!;
        if (level.left[node]! > right[0]! || level.right[node]! < left[0]!) return;
        if (level.top[node]! > bottom[0]! || level.bottom[node]! < top[0]!) return;
        if (depth === 0) {
          out.window[count] = start;
          out.box[count++] = order[node]!;
          return;
        }
        const end = Math.min((node + 1) * FAN, levels[depth - 1]!.left.length);
        for (let child = node * FAN; child < end; child++) descend(depth - 1, child);
      };
      descend(levels.length - 1, 0);
      out.box.subarray(0, count).sort();
      return count;
    },
    { chunkSize: 1, capacity: 1000 },
  );
}

export const boundingVolumeTree: Workload = {
  async run(executor) {
    const tree = await build(executor, executor.share(given));
    return search(executor, tree, windows);
  },
  loop() {
    const [window, box]: [number[], number[]] = [[], []];
    for (let w = 0; w < WINDOWS; w++) {
      for (let b = 0; b < BOXES; b++) {
        const meet =
          given.left[b]! <= windows.right[w]! &&
          given.right[b]! >= windows.left[w]! &&
          given.top[b]! <= windows.bottom[w]! &&
          given.bottom[b]! >= windows.top[w]!;
        if (!meet) continue;
        window.push(w);
        box.push(b);
      }
    }
    return { window: Int32Array.from(window), box: Int32Array.from(box) };
  },
};
