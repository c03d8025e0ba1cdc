/** One source that makes a kernel anew, out of the texts of functions and of expressions for what they capture. */
import type { PlacedFunction } from "../captured.js";

// Names in the source that no user has.
const VALUES = "$sharray_values";
const FUNCTION = "$sharray_f";
const IMPORT = "$sharray_i";
const LINK = "$sharray_l";

/** Expressions for the variables of a function, by name. */
export interface Variables {
  readonly given: ReadonlyMap<string, string>;
  /** Variables that lead to functions that are not there yet. */
  readonly late: ReadonlyMap<string, string>;
}

export class ClosureSource {
  readonly functions: PlacedFunction[] = [];
  readonly #parts: string[] = [];
  /** Lines of the parts so far. */
  #lines = 1;
  /** Assigns variables that hold functions which come later: they call each other. */
  readonly #links: string[] = [];
  /** Properties of functions, by the functions' numbers and their own names. */
  readonly #properties = new Map<number, Map<string, string>>();

  /** An expression for a value. */
  static value(path: string): string {
    return `${VALUES}[${JSON.stringify(path)}]`;
  }

  /** An expression for a function. */
  static function(number: number): string {
    return `${FUNCTION}${number}`;
  }

  /** An expression for an imported kernel. */
  static imported(number: number): string {
    return `${IMPORT}${number}`;
  }

  addFunction(fn: object, number: number, text: string, { given, late }: Variables): void {
    let declared = "";
    if (late.size > 0) {
      this.#add(`let ${LINK}${number};`);
      this.#links.push(`${LINK}${number}();`);
      const assigned = [...late].map(([name, value]) => `${name}=${value}`);
      declared = `let ${[...late.keys()].join()};${LINK}${number}=()=>{${assigned.join(";")}};`;
    }
    // Imports are parameters, because V8 reads variables that are never assigned to twice as fast.
    const [names, values] = [[...given.keys()].join(), [...given.values()].join()];
    this.functions.push({ fn, line: this.#lines + 1 });
    this.#add(`const ${FUNCTION}${number}=((${names})=>{${declared}return (\n${text}\n)})(${values});`);
  }

  /** Properties that the program has given a function. They are assigned when all functions are there. */
  propertiesOf(number: number): Map<string, string> {
    const known = this.#properties.get(number);
    if (known !== undefined) return known;
    const properties = new Map<string, string>();
    this.#properties.set(number, properties);
    return properties;
  }

  /** @returns `(...imported) => (values) => function` */
  end(root: number, imports: number): string {
    const imported = Array.from({ length: imports }, (_, i) => `${IMPORT}${i}`).join();
    const properties = [...this.#properties].map(([number, parts]) => {
      return `Object.freeze(Object.assign(${FUNCTION}${number},{${[...parts.values()].join()}}));`;
    });
    const body = [...this.#parts, ...this.#links, ...properties, `return ${FUNCTION}${root}`].join("\n");
    return `(${imported})=>(${VALUES})=>{\n${body}\n}`;
  }

  #add(part: string): void {
    this.#parts.push(part);
    this.#lines += part.split("\n").length;
  }
}
