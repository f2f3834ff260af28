/** The engine's own log. Function output never goes through it. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `error`, when given, is logged with its stack and causes. */
  error(message: string, error?: unknown): void;
}
