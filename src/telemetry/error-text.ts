/** What is said of errors. Anything can be thrown, also what throws when it is looked at: telemetry must bear it. */
import { quote } from "../errors.js";
import { isError as isErrorOfAnyRealm } from "../platform/realms.js";

export function isError(value: unknown): value is Error {
  try {
    return isErrorOfAnyRealm(value);
  } catch {
    // A proxy that was revoked.
    return false;
  }
}

export function textOf(error: unknown): string {
  return isError(error) ? `${error.name}: ${error.message}` : quote(error);
}

/** `error.type` of OpenTelemetry's conventions: the name of the class; of what is no error, the conventions' word. */
export function typeOf(error: unknown): string {
  return isError(error) ? error.name : "_OTHER";
}
