/** The text of errors. Programs can throw anything, even objects that throw when they are read. Telemetry must bear it. */
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

/** `error.type` of OpenTelemetry's conventions: the name of the class; for a value that is no error, the conventions' word. */
export function typeOf(error: unknown): string {
  return isError(error) ? error.name : "_OTHER";
}
