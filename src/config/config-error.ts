/** An invalid setting. The message names file, line and setting, or the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
