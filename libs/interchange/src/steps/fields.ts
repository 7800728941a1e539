import type { ReferenceKind } from '../references.js';
import { sameWord } from '../source/source-step.js';
import type { Field } from './mapping.js';

/** A text that is taken over as it is. */
export function text(setting: string): Field {
  return (value, draft) => draft.set(setting, value);
}

/** A number; `%NAME%` stays a text. */
export function number(setting: string): Field {
  return (value, draft) => draft.set(setting, /^\d{1,15}$/.test(value) ? Number(value) : value);
}

/** True or false; `%NAME%` stays a text. */
export function flag(setting: string): Field {
  return (value, draft) => draft.set(setting, booleanOf(value) ?? value);
}

/** One of some words of theirs, whatever their case, for one of ours. */
export function choice(setting: string, words: Readonly<Record<string, unknown>>): Field {
  return (value, draft) => {
    const found = Object.entries(words).find(([word]) => sameWord(word, value));
    draft.set(setting, found ? found[1] : value);
  };
}

/** Texts with commas between them. */
export function list(setting: string): Field {
  return (value, draft) => draft.set(setting, splitList(value));
}

/** The id of something of their site. */
export function reference(setting: string, kind: ReferenceKind): Field {
  return (value, draft) => draft.set(setting, draft.reference(kind, value));
}

/** A password, PIN or product key: never taken over. */
export function secret(what: string): Field {
  return (value, draft) => draft.secret(what, value);
}

/** A setting that has no counterpart here and does nothing while it has one of these values. */
export function without(property: string, ...idle: readonly string[]): Field {
  return (value, draft) => {
    if (!idle.some((word) => sameWord(word, value))) draft.leftOut(property, value);
  };
}

/** A drive letter, with its colon. */
export function drive(setting: string): Field {
  return (value, draft) => draft.set(setting, /^[A-Za-z]$/.test(value) ? `${value}:` : value);
}

export function booleanOf(value: string): boolean | undefined {
  return sameWord(value.trim(), 'true') ? true : sameWord(value.trim(), 'false') ? false : undefined;
}

export function splitList(value: string): string[] {
  return value.split(/[,;]/).flatMap((part) => part.trim() || []);
}
