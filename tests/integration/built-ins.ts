/** Everything that JavaScript and Node bring along, and a kernel that breaks one of them. */

/** Objects that no global leads to by name. */
const HIDDEN = `{
  "%TypedArray%": Object.getPrototypeOf(Int8Array),
  "%TypedArray%.prototype": Object.getPrototypeOf(Int8Array.prototype),
  "%Iterator%": Object.getPrototypeOf(Object.getPrototypeOf([].values())),
  "%ArrayIterator%": Object.getPrototypeOf([].values()),
  "%MapIterator%": Object.getPrototypeOf(new Map().values()),
  "%SetIterator%": Object.getPrototypeOf(new Set().values()),
  "%StringIterator%": Object.getPrototypeOf(""[Symbol.iterator]()),
  "%Generator%": Object.getPrototypeOf(function* () {}.prototype),
}`;

/** A way to a property: names, and symbols as "@@iterator". */
export type Path = readonly string[];

/** Properties of globals, of their prototypes and of hidden objects that a kernel can change. */
export function builtIns(): Path[] {
  const paths: Path[] = [];
  const seen = new Set<unknown>([globalThis]);
  const visit = (path: Path, holder: unknown): void => {
    if (seen.has(holder) || (typeof holder !== "object" && typeof holder !== "function") || holder === null)
      return;
    seen.add(holder);
    for (const key of Reflect.ownKeys(holder)) {
      const { configurable, writable, value, get } = Object.getOwnPropertyDescriptor(
        holder,
        key,
      ) as PropertyDescriptor;
      const isNamed = typeof key === "string" || key.description?.startsWith("Symbol.") === true;
      const isChangeable = configurable === true || writable === true;
      if (!isNamed || !isChangeable || (typeof value !== "function" && get === undefined)) continue;
      paths.push([...path, typeof key === "string" ? key : `@@${key.description?.slice("Symbol.".length)}`]);
    }
  };
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const { configurable, value } = Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor;
    if (configurable !== true || value === globalThis) continue;
    paths.push([name]);
    if (name === "process") continue;
    visit([name], value);
    if (typeof value === "function") visit([name, "prototype"], value.prototype);
  }
  const hidden = new Function(`return ${HIDDEN}`)() as Readonly<Record<string, object>>;
  for (const [name, holder] of Object.entries(hidden)) visit([name], holder);
  return paths;
}

export const WAYS = ["undefined", "throws", "first argument", "deleted"] as const;
type Way = (typeof WAYS)[number];

interface Args {
  readonly path: Path;
  readonly way: Way;
}

/** Breaks it at item 1. @returns for item 1 whether there was such a property; else the item */
export const breaking = new Function(`return (item, _, { args }) => {
  if (item !== 1) return item;
  const hidden = ${HIDDEN};
  const keyOf = (name) => (name.startsWith("@@") ? Symbol[name.slice(2)] : name);
  const names = args.path.map(keyOf);
  const key = names[names.length - 1];
  let holder = globalThis;
  for (let i = 0; i < names.length - 1; i++) holder = i === 0 && names[0] in hidden ? hidden[names[0]] : holder[names[i]];
  const property = holder === undefined ? undefined : Object.getOwnPropertyDescriptor(holder, key);
  if (property === undefined) return false;
  const broken = { undefined() {}, throws() { throw new Error("broken"); }, "first argument": (a) => a }[args.way];
  if (args.way === "deleted" && property.configurable) delete holder[key];
  else if ("value" in property && property.writable) holder[key] = broken;
  else if ("value" in property) Object.defineProperty(holder, key, { ...property, value: broken });
  else Object.defineProperty(holder, key, { ...property, get: broken });
  return true;
}`)() as (item: number, shared: object, context: { readonly args: Args }) => number | boolean;
