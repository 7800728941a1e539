import { z } from 'zod';

/** At most so many groups. */
export const MOST_GROUPS = 20;
/** Devices that may have started a revision while nobody knows how it ended, where a rollout says nothing. */
export const DEFAULT_AT_MOST_STARTED = 100;
export const DEFAULT_SUCCESS_PERCENT = 95;

const MOST_DEVICES = 10_000_000;
const MOST_WAIT_MINUTES = 365 * 24 * 60;

const groupSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a name has 1 to 63 lower-case letters, digits and "-"'),
    size: z.int().min(1).max(MOST_DEVICES).optional().describe('So many devices'),
    percent: z
      .number()
      .gt(0)
      .max(100)
      .optional()
      .describe('So much of the members at the moment when the group opens, rounded up, at least one device'),
    successPercent: z
      .number()
      .gt(0)
      .max(100)
      .optional()
      .describe(
        `The group is good when so much of its devices have succeeded, rounded up. Default ${DEFAULT_SUCCESS_PERCENT}`,
      ),
    errors: z
      .int()
      .min(0)
      .max(MOST_DEVICES)
      .optional()
      .describe(
        'The rollout pauses with one more device that failed or fell silent. Default: as many as successPercent leaves',
      ),
    waitMinutes: z
      .int()
      .min(1)
      .max(MOST_WAIT_MINUTES)
      .optional()
      .describe('So long after this group is good the next one may open. Default: at once'),
    approval: z.boolean().optional().describe('Does the group open only when somebody approves? Default false'),
  })
  .meta({ id: 'RolloutGroup' });

/** In which order, and how fast, the devices of a deployment may start it. */
export const rolloutSchema = z
  .strictObject({
    groups: z
      .array(groupSchema)
      .min(1)
      .max(MOST_GROUPS)
      .describe('In their order; only the last one may be without size and percent: it is for all others'),
    atMostStarted: z
      .int()
      .min(1)
      .max(MOST_DEVICES)
      .optional()
      .describe(
        `At most so many devices have started a revision while it is not known how it ended. Default ${DEFAULT_AT_MOST_STARTED}`,
      ),
  })
  .superRefine((rollout, context) => {
    for (const { path, message } of findMistakes(rollout.groups)) {
      context.addIssue({ code: 'custom', path, message, params: { code: 'deployment.rollout-invalid' } });
    }
  })
  .meta({ id: 'Rollout' });

export type RolloutGroup = z.infer<typeof groupSchema>;
export type Rollout = z.infer<typeof rolloutSchema>;

interface Mistake {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** What single fields cannot say. */
function findMistakes(groups: readonly RolloutGroup[]): Mistake[] {
  const last = groups.length - 1;
  const names = groups.map(({ name }) => name);
  const found: Mistake[] = [];
  groups.forEach((group, index) => {
    const { name, size, percent, errors, waitMinutes } = group;
    const say = (field: keyof RolloutGroup, message: string): void =>
      void found.push({ path: ['groups', index, field], message });
    if (names.indexOf(name) < index) say('name', `"${name}" is the name of an earlier group: each has its own`);
    if (size !== undefined && percent !== undefined) say('percent', 'a group has a size or a percent: leave one out');
    if (size === undefined && percent === undefined && index < last)
      say('size', 'only the last group is for all others: say a size or a percent');
    if (waitMinutes !== undefined && index === last)
      say('waitMinutes', 'behind the last group nothing waits: leave it out');
    if (size !== undefined && errors !== undefined) {
      const left = size - neededOf(group, size);
      if (errors > left)
        say(
          'errors',
          `with ${errors} errors of ${size} devices, ${successPercentOf(group)} % cannot succeed any more: at most ${left} errors, or a lower successPercent`,
        );
    }
  });
  const percents = groups.reduce((sum, { percent = 0 }) => sum + percent, 0);
  if (percents > 100)
    found.push({ path: ['groups'], message: `the percents of all groups are ${percents} together: at most 100` });
  return found;
}

export function successPercentOf({ successPercent = DEFAULT_SUCCESS_PERCENT }: RolloutGroup): number {
  return successPercent;
}

/** How many of so many devices must succeed. */
export function neededOf(group: RolloutGroup, devices: number): number {
  // 35 % of 20 is 7, whatever binary fractions say.
  return Math.ceil(Number(((devices * successPercentOf(group)) / 100).toFixed(6)));
}
