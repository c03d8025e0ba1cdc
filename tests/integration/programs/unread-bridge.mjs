/**
 * A client that cannot read what its host can: the executor is another thread's, and this thread has a small stack. Runs one
 * scenario and prints what came of it as JSON.
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";

if (!isMainThread) {
  const executor = new ParallelExecutor({ maxWorkers: 2, strategy: process.argv[2] });
  serveExecutor(executor, parentPort);
} else {
  const [, , strategy, way] = process.argv;
  const host = new Worker(new URL(import.meta.url), { argv: [strategy] });
  const remote = await connectExecutor(host);
  console.log(JSON.stringify(await scenarios(remote)[way]()));
  remote.close();
  await host.terminate();
}

function scenarios(executor) {
  const indices = Array.from({ length: 60 }, (_, i) => i);
  const told = async (call) => {
    try {
      return { value: await call };
    } catch ({ code, index, message, partial, cause, reason }) {
      return {
        code,
        reason,
        index,
        message,
        cause: cause?.cause?.name,
        values: partial && [...partial.values],
        unfinished: partial?.unfinished.map((task) => task.index),
      };
    }
  };
  const map = (deep, throws = -1) =>
    executor.map(
      indices,
      (i, _shared, { args }) => {
        if (i === args.throws) throw new RangeError("as it should");
        let value = `sound ${i}`;
        for (let depth = 0; depth < 800 && args.deep.includes(i); depth += 1) value = { value };
        return value;
      },
      { args: { deep, throws } },
    );
  const stream = async (deep) => {
    const seen = [];
    const loop = async () => {
      const results = executor.streamShared(
        new Float64Array(60),
        (_view, { index, args }) => {
          let value = `sound ${index}`;
          for (let depth = 0; depth < 800 && args.includes(index); depth += 1) value = { value };
          return value;
        },
        { chunkSize: 1, args: deep },
      );
      for await (const { index, value } of results) seen.push([index, value]);
    };
    return { ...(await told(loop())), seen };
  };
  const after = async () => [
    await map([]),
    await told(executor.transformShared(new Float64Array(4), Uint8Array, () => {})),
  ];
  const then = async (seen) => ({
    ...(await seen),
    after: (await after()).map((x) => x.length ?? x.value?.length),
  });
  return {
    "one of many": () => then(told(map([41]))),
    "all of them": () => then(told(map(indices))),
    "behind one that throws": () => then(told(map([41], 50))),
    "before one that throws": () => then(told(map([3, 10], 20))),
    "beside other calls": async () => {
      const [deep, ...others] = await Promise.all([
        told(map([41])),
        ...Array.from({ length: 6 }, () => map([])),
      ]);
      return then({ ...deep, others: others.map(({ length }) => length) });
    },
    "of a stream": () => then(stream([41])),
    "all of a stream": () => then(stream(indices)),
  };
}
