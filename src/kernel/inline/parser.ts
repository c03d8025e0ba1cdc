/**
 * acorn, made fit for generated kernels. A sum of thousands of terms takes no stack. The time for the variables of a scope does
 * not grow with the square of their number. If acorn's insides change, it works as it does without this.
 */
import { type Options, Parser } from "acorn";
import type { Node, Program } from "estree";

/** The insides of acorn that are used here. */
interface Insides {
  readonly scopeStack: Scope[];
  enterScope(flags: number): void;
  parseExprOp(left: Node, at: number, location: unknown, minPrecedence: number, forInit: unknown): Node;
}

/** Names that are declared, each looked for at the next declaration. */
interface Scope {
  var: string[];
  lexical: string[];
  functions: string[];
}

const KernelParser = Parser.extend((Base) => {
  const Plain = Base as unknown as new (options: Options, input: string, startPos?: number) => Insides;
  class Patched extends Plain {
    /** The left operand that the next operator is read for. */
    #left: Node | undefined;

    /** acorn calls this again for each operator of `a + b + c`. Here that call returns, and goes on in a loop. */
    override parseExprOp(left: Node, at: number, location: unknown, min: number, forInit: unknown): Node {
      if (this.#left !== undefined && "left" in left && left.left === this.#left) return left;
      const outer = this.#left;
      let [before, read]: [Node | undefined, Node] = [undefined, left];
      while (read !== before) {
        before = read;
        this.#left = read;
        read = super.parseExprOp(read, at, location, min, forInit);
      }
      this.#left = outer;
      return read;
    }

    override enterScope(flags: number): void {
      super.enterScope(flags);
      const scope = this.scopeStack[this.scopeStack.length - 1] as Scope;
      scope.var = new Names();
      scope.lexical = new Names();
      scope.functions = new Names();
    }
  }
  return Patched as unknown as typeof Parser;
});

// Below this many a search is as fast as a look-up.
const FEW = 32;

/** A list of names that is quick to say whether it has one. */
class Names extends Array<string> {
  #seen: Set<string> | undefined;

  override push(name: string): number {
    this.#seen?.add(name);
    return super.push(name);
  }

  override indexOf(name: string): number {
    if (this.length <= FEW) return super.indexOf(name);
    this.#seen ??= new Set(this);
    return this.#seen.has(name) ? 0 : -1;
  }
}

/** @throws SyntaxError */
export function parseProgram(input: string): Program {
  return KernelParser.parse(input, {
    ecmaVersion: "latest",
    ranges: true,
    allowSuperOutsideMethod: true,
    allowImportExportEverywhere: true,
  }) as Node as Program;
}
