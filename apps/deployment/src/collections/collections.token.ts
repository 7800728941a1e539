/** The ResourceStore of collections. */
export const COLLECTIONS = Symbol('collections');
