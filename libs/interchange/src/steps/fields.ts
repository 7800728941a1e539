import type { ReferenceKind } from '../references.js';
import { sameWord } from '../source/source-step.js';
import type { Field } from './mapping.js';

/** A text that is taken over as it is. */
export function text(setting: string): Field {
  return taken(setting, (value) => value);
}

/** A number; `%NAME%` stays a text. */
export function number(setting: string): Field {
  return taken(setting, (value) => (/^\d{1,15}$/.test(value) ? Number(value) : value));
}

/** True or false; `%NAME%` stays a text. */
export function flag(setting: string): Field {
  return taken(setting, (value) => booleanOf(value) ?? value);
}

/** One of some words of theirs, whatever their case, for one of ours. */
export function choice(setting: string, words: Readonly<Record<string, unknown>>): Field {
  return {
    setting,
    read(value, draft) {
      const found = Object.entries(words).find(([word]) => sameWord(word, value));
      draft.set(setting, found ? found[1] : value);
    },
    write(value) {
      const found = Object.entries(words).find(([, ours]) => ours === value);
      return found ? found[0] : textOf(value);
    },
  };
}

/** Texts with commas between them. */
export function list(setting: string): Field {
  return taken(setting, splitList);
}

/** The id of something of their site. */
export function reference(setting: string, kind: ReferenceKind): Field {
  return {
    setting,
    read: (value, draft) => draft.set(setting, draft.reference(kind, value)),
    write: (value, site) => (typeof value === 'string' ? site.idOf(kind, value) : undefined),
  };
}

/** A password, PIN or product key: never taken over, in neither direction. */
export function secret(what: string): Field {
  return { read: (value, draft) => draft.secret(what, value) };
}

/** A setting that has no counterpart here and does nothing while it has one of these values. */
export function without(property: string, ...idle: readonly string[]): Field {
  return {
    read(value, draft) {
      if (!idle.some((word) => sameWord(word, value))) draft.leftOut(property, value);
    },
  };
}

/** A drive letter, with its colon. */
export function drive(setting: string): Field {
  return taken(setting, (value) => (/^[A-Za-z]$/.test(value) ? `${value}:` : value));
}

/** Another value of one setting, that nothing but its text says. */
export function taken(setting: string, read: (value: string) => unknown): Field {
  return { setting, read: (value, draft) => draft.set(setting, read(value)), write: textOf };
}

/** The value of a setting as the text of a property; undefined for what has none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(',') : undefined;
}

export function booleanOf(value: string): boolean | undefined {
  return sameWord(value.trim(), 'true') ? true : sameWord(value.trim(), 'false') ? false : undefined;
}

export function splitList(value: string): string[] {
  return value.split(/[,;]/).flatMap((part) => part.trim() || []);
}
