import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { UpError, type UpErrorCode } from '@muster/localsite/up-error.js';

/** What the user can change by flags, permissions or installing something is configuration. */
const exitCodes: Record<UpErrorCode, ExitCode> = {
  'up.layout-version': EXIT_CODES.usage,
  'up.damaged-site-file': EXIT_CODES.usage,
  'up.not-writable': EXIT_CODES.usage,
  'up.already-running': EXIT_CODES.conflict,
  'up.port-in-use': EXIT_CODES.usage,
  'up.nats-missing': EXIT_CODES.usage,
  'up.postgres-missing': EXIT_CODES.usage,
  'up.postgres-initdb': EXIT_CODES.failed,
  'up.setpriv-missing': EXIT_CODES.usage,
  'up.not-built': EXIT_CODES.usage,
  'up.child-failed': EXIT_CODES.failed,
};

/** A failure to start a site as a failure of the command; anything else as it is. */
export function asCliError(error: unknown): unknown {
  return error instanceof UpError
    ? new CliError(error.code, error.message, exitCodes[error.code] ?? EXIT_CODES.failed, { cause: error })
    : error;
}
