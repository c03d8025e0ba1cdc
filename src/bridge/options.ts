/** Options of the two calls that make a bridge. */
import { checkField } from "../config/rules.js";
import { ConfigurationError, quote } from "../errors.js";
import { isRecord } from "../memory/inputs.js";

/**
 * Reads the one option that a call has.
 * @param rule the field of the configuration that has the same rule
 * @throws TypeError, ConfigurationError
 */
export function readOption<T>(
  options: unknown,
  call: string,
  name: string,
  rule: Parameters<typeof checkField>[0],
): T | undefined {
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot read the options as they must be a plain object: current value is ${quote(options)}`,
    );
  }
  for (const [other, value] of Object.entries(options)) {
    if (other === name) continue;
    throw new ConfigurationError(other, value, `left out: the option of ${call}() is ${name}`);
  }
  if (options[name] !== undefined) checkField(rule, options[name], name);
  return options[name] as T | undefined;
}
