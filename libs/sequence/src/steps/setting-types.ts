import { z } from 'zod';
import { LIMITS } from '../limits.js';

/** Does a text mention a variable, so that it is only known during the run? */
export function holdsVariable(text: string): boolean {
  return /%[A-Za-z_][^%]*%/.test(text);
}

/**
 * A whole number, also as a text, because `%NAME%` may stand for it: `30`, `"30"`, `"%Delay%"`. The executor gets a number.
 * @throws never; out of range is a finding.
 */
export function wholeNumberSetting(minimum: number, maximum: number) {
  const number = z.int().min(minimum).max(maximum);
  const error = `must be a whole number from ${minimum} to ${maximum}`;
  const forms = [
    number,
    z
      .string()
      .max(LIMITS.variableValueLength)
      .transform((text, context) => {
        if (holdsVariable(text)) return text;
        const parsed = number.safeParse(/^[+-]?\d+$/.test(text.trim()) ? Number(text) : text);
        if (parsed.success) return parsed.data;
        context.addIssue({ code: 'custom', message: error });
        return z.NEVER;
      }),
  ] as const;
  return z.union(forms, { error });
}

/** True or false, also as a text: `true`, `"true"`, `"%Flag%"`. The executor gets a boolean. */
export function booleanSetting() {
  const error = 'must be true or false';
  const forms = [
    z.boolean(),
    z
      .string()
      .max(LIMITS.variableValueLength)
      .transform((text, context) => {
        if (holdsVariable(text)) return text;
        const known = { true: true, false: false }[text.trim().toLowerCase()];
        if (known !== undefined) return known;
        context.addIssue({ code: 'custom', message: error });
        return z.NEVER;
      }),
  ] as const;
  return z.union(forms, { error });
}

/** A text without NUL characters, 1 to `maximum` characters. */
export function textSetting(maximum: number) {
  return z
    .string()
    .min(1)
    .max(maximum)
    .regex(/^[^\0]*$/, 'must not contain a NUL character');
}

/** Name of something in the site: a package, an application, an image. May hold `%NAME%`. */
export const nameSetting = textSetting(253);

/** One of a few words, or a variable that will hold one. */
export function choiceSetting<const W extends readonly [string, ...string[]]>(words: W) {
  const error = `must be one of: ${words.join(', ')}`;
  const variable = z
    .string()
    .max(LIMITS.variableNameLength + 2)
    .regex(/%[A-Za-z_][^%]*%/, error);
  return z.union([z.enum(words), variable], { error });
}
