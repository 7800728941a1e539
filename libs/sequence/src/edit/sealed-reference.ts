/**
 * What stands in a specification where a secret was sealed: a reference that only a device with the right key can follow. It has
 * the form of a variable, which every setting may hold; its name belongs to the engine, so that nobody else can set it.
 */
const SEALED = /^%(_Secret-[A-Za-z0-9_-]{16})%$/;
const SEALED_ANYWHERE = /%(_Secret-[A-Za-z0-9_-]{16})%/g;

/** The name behind a reference to a sealed secret; undefined when the value is none. */
export function sealedSecretName(value: unknown): string | undefined {
  return typeof value === 'string' ? SEALED.exec(value)?.[1] : undefined;
}

/** The reference to a sealed secret of this name. */
export function sealedReference(name: string): string {
  return `%${name}%`;
}

/** @param id 16 characters of base64url */
export function newSealedName(id: string): string {
  return `_Secret-${id}`;
}

/** Names of all sealed secrets that a JSON value refers to, each once. */
export function sealedSecretNames(value: unknown): string[] {
  return [...new Set([...JSON.stringify(value).matchAll(SEALED_ANYWHERE)].map((match) => match[1] ?? ''))];
}
