/** The strategy `cluster`: runs a job on the nodes of a queue. Only a `ClusterExecutor` has it. */
import { computeCost, estimateOf, longestShare, resultsCost } from "../plan/estimate.js";
import type { HostProfile } from "../plan/host-profile.js";
import type { Estimate, Workload } from "../plan/plan.js";
import type { StrategyDescriptor } from "../strategies/descriptor.js";
import type { Job } from "../strategies/job.js";
import type { StrategyName } from "../strategies/registry.js";
import { sequential } from "../strategies/sequential/index.js";
import { SequentialRun } from "../strategies/sequential/sequential-run.js";
import type { JobInputs, Leg, RunReport, Strategy, StrategyHost, Workers } from "../strategies/strategy.js";
import { ClusterRun } from "./cluster-run.js";
import type { ClusterConnection } from "./connection.js";
import { moduleDigest } from "./module-digest.js";

type Name = "cluster";

/** Milliseconds of a round trip through the queue on one machine: measured on loopback Redis. */
const ROUND_TRIP_MS = 10;
/** Milliseconds per byte that a node reads: a link of 1 Gbit/s. */
const PER_BYTE_MS = 1e3 / 125e6;

/** The engine moves names of strategies around and knows none of them, so they may pass for those of this machine. */
export function clusterStrategies(
  connection: ClusterConnection,
): readonly StrategyDescriptor<StrategyName>[] {
  const cluster: StrategyDescriptor<Name> = {
    name: "cluster",
    words: [],
    isHere: false,
    isReserve: false,
    isolates: true,
    placesArrays: false,
    charges: undefined,
    whyUnavailable: () => undefined,
    estimate: (workload, _means, host) => estimate(workload, connection.threads, host),
    create: (host) => new ClusterStrategy(connection, host),
  };
  return [sequential, cluster] as readonly unknown[] as readonly StrategyDescriptor<StrategyName>[];
}

function estimate(workload: Workload<Name>, threads: number, host: HostProfile): Estimate {
  const { kernel, tasks, bytesShared, bytesToPlace } = workload;
  // Nodes have what they read for earlier calls.
  const bytes = bytesToPlace + (kernel?.isOnWorkers === true ? 0 : bytesShared);
  return estimateOf({
    spawn: 0,
    place: bytes * PER_BYTE_MS,
    dispatch: kernel?.dispatch.cluster ?? ROUND_TRIP_MS,
    compute: computeCost("cluster", workload, host) * longestShare(tasks, threads),
    results: resultsCost("cluster", workload),
  });
}

class ClusterStrategy implements Strategy {
  readonly workers: Workers;
  readonly #connection: ClusterConnection;
  readonly #host: StrategyHost;

  constructor(connection: ClusterConnection, host: StrategyHost) {
    this.#connection = connection;
    this.#host = host;
    this.workers = {
      get size() {
        return connection.nodes.length;
      },
      get serving() {
        return connection.nodes.length;
      },
      respawnWait: 0,
      start: async () => {
        await connection.look();
      },
      forget: () => false,
      collect: async () => {},
      terminate: () => connection.close(),
    };
  }

  async run(job: Job, { expected }: Leg, inputs: JobInputs): Promise<RunReport> {
    const { kernel, spec, arrays } = job.parts;
    // The rows of one array are copied to another one here. No code of the user's runs.
    if (spec.starts !== undefined) {
      return { ...(await new SequentialRun(job, undefined, inputs.assertThere).run()), strategy: "cluster" };
    }
    const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const taskBytes = Math.ceil(bytes / Math.max(1, spec.tasks));
    const bring = async () => {
      const module = moduleDigest((kernel.address as unknown as { readonly url: string }).url);
      return this.#connection.payload.bring(job, inputs, this.#host.arena, module, taskBytes);
    };
    return new ClusterRun(this.#connection, job, bring, expected).run();
  }
}
