/** Makes a call on a cluster, and does not end the connection. */
import { ClusterExecutor } from "sharray/cluster";
import { item } from "./cluster-kernels.js";

const [connection, queue, secret] = process.argv.slice(2);
const executor = new ClusterExecutor({ connection, queue, secret });
const values = await executor.map([1, 2, 3], item);
console.log(JSON.stringify(values.map(({ value }) => value)));
