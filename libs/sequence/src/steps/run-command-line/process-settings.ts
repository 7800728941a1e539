import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { optionalTextSetting } from '../setting-rules.js';
import { textSetting } from '../setting-types.js';

/*
 * What the settings of Run Command Line and Run Script share: how the process of the step is started.
 */

/** One argument: may be empty, no NUL. */
export const argumentSetting = optionalTextSetting(LIMITS.commandLength);

/** Names and values added to the environment of the process. */
export const environmentSetting = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable'),
  z.string().regex(/^[^\0]*$/, 'must not contain a NUL character'),
);

export const workingDirectorySetting = optionalTextSetting(LIMITS.workingDirectoryLength).meta({
  description: "relative to the package, else to the run's folder, or to the home of the runAs user",
});

/** The account that the process runs as. */
export const runAsSetting = z
  .strictObject({
    user: textSetting(256).meta({ description: 'name of a user, USER@DOMAIN, or DOMAIN\\USER' }),
    password: optionalTextSetting(255).optional().meta({
      description: 'not needed on Linux, where the agent is root; kept for computers with Windows',
    }),
  })
  .meta({ description: 'another user than the agent; not in PE, and the agent must be root' });

export type RunAsSetting = z.infer<typeof runAsSetting>;

/** For the help text of a step type with `runAs`. */
export const runAsHelp =
  'runAs lets the process run as another user, with that user’s groups, HOME, USER and LOGNAME. It works in the full system only. ' +
  'On Linux the agent must be root, the password is not needed and not used, and the process begins in the user’s home.';
