/** Kinds in the order in which they can refer to each other: what is referred to comes first. */
const order = [
  'Package',
  'DistributionPoint',
  'Distribution',
  'Device',
  'Collection',
  'TaskSequence',
  'Deployment',
] as const;

/** Documents so that every reference exists when it is needed; those of one kind stay as they were written. */
export function inApplyOrder<Item extends { readonly kind: { readonly kind: string } }>(
  documents: readonly Item[],
): Item[] {
  const rank = ({ kind }: Item): number => {
    const index = (order as readonly string[]).indexOf(kind.kind);
    return index < 0 ? order.length : index;
  };
  return documents.toSorted((a, b) => rank(a) - rank(b));
}

/** The reverse: what refers goes before what it refers to. */
export function inDeleteOrder<Item extends { readonly kind: { readonly kind: string } }>(
  documents: readonly Item[],
): Item[] {
  return inApplyOrder(documents).toReversed();
}
