const LONGEST = 63;

/** The wanted name, or the first of `name-2`, `name-3`… that is not taken. Stays a valid name: long ones are shortened. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const suffix = `-${number}`;
    const candidate = wanted.slice(0, LONGEST - suffix.length).replace(/-+$/, '') + suffix;
    if (!taken.has(candidate)) return candidate;
  }
}

/** What every candidate of `freeName` but the wanted name itself begins with. */
export function candidatePrefix(wanted: string): string {
  // Room for "-" and as many digits as a fleet can need.
  return wanted.slice(0, LONGEST - 8).replace(/-+$/, '');
}
