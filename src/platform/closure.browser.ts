/** Nothing is known of scopes here: only V8's inspector knows them, and pages can't ask it. */
export type Scope = Readonly<Record<string, unknown>>;

export type ReadScopes = (fn: object) => readonly Scope[];

export function withScopes<T>(_work: (scopesOf: ReadScopes) => T): T | undefined {
  return undefined;
}

export function enclosingNames(_fn: object): ReadonlySet<string> | undefined {
  return undefined;
}
