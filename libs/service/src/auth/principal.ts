/** Who is calling, as far as it was proven. */
export type Principal =
  | { readonly kind: 'token'; readonly uid: string; readonly name: string }
  | { readonly kind: 'device'; readonly uid: string };

/** The name that goes into revisions and the audit. */
export function actorName(principal: Principal): string {
  return principal.kind === 'token' ? principal.name : `device:${principal.uid}`;
}
