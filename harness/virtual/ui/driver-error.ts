/** W3C error names (https://www.w3.org/TR/webdriver2/#errors) with their HTTP codes. */
export const ERROR_STATUS = {
  'invalid argument': 400,
  'invalid element state': 400,
  'element not interactable': 400,
  'invalid selector': 400,
  'invalid session id': 404,
  'no such alert': 404,
  'no such element': 404,
  'stale element reference': 404,
  'unknown command': 404,
  'unknown method': 405,
  'unknown error': 500,
  'unsupported operation': 500,
} as const;

/** A W3C error name that the handset answers with. */
export type ErrorName = keyof typeof ERROR_STATUS;

/** What a driver command failed with; becomes the answer's `value.error`. */
export class DriverError extends Error {
  constructor(
    readonly error: ErrorName,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DriverError';
  }
}
