/** Names of properties that lead to promises, to `Function`, or to objects that other tasks share. */
export const TELLING: ReadonlySet<string> = new Set(
  (
    "then constructor fromAsync waitAsync __proto__ getPrototypeOf setPrototypeOf getOwnPropertyDescriptor " +
    "getOwnPropertyDescriptors getOwnPropertyNames ownKeys"
  ).split(" "),
);
