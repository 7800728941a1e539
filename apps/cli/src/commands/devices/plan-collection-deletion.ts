import type { CollectionUses } from '@muster/contracts/kinds/collection-members.js';

/** What deleting a collection and all that cannot be without it comes to. */
export interface DeletionPlan {
  /** Names of deployments to any of `collections`. */
  readonly deployments: readonly string[];
  /** In the order in which they can go: those that others limit first, the collection itself last. */
  readonly collections: readonly string[];
  /** Collections that stay, and which of `collections` they include now. */
  readonly withoutIt: readonly { readonly collection: string; readonly included: readonly string[] }[];
  /** Client settings, and which of `collections` they are for. */
  readonly settings: readonly { readonly name: string; readonly collections: readonly string[] }[];
  /** Collections that stay and exclude one of `collections`: devices would enter them. */
  readonly excludedBy: readonly { readonly by: string; readonly excluded: string }[];
}

/** Looks at what needs a collection, and what needs that: collections lead in no circles. */
export async function planDeletion(
  name: string,
  uses: (name: string) => Promise<CollectionUses>,
): Promise<DeletionPlan> {
  const found = new Map<string, CollectionUses>();
  const order: string[] = [];
  const visit = async (one: string): Promise<void> => {
    if (found.has(one)) return;
    const needs = await uses(one);
    found.set(one, needs);
    for (const limited of needs.limits) await visit(limited);
    order.push(one);
  };
  await visit(name);
  const staying = (how: 'includedBy' | 'excludedBy'): { by: string; of: string }[] =>
    order.flatMap((of) => (found.get(of)?.[how] ?? []).filter((by) => !found.has(by)).map((by) => ({ by, of })));
  const including = Map.groupBy(staying('includedBy'), ({ by }) => by);
  const naming = Map.groupBy(
    order.flatMap((of) => (found.get(of)?.settings ?? []).map((by) => ({ by, of }))),
    ({ by }) => by,
  );
  return {
    deployments: order.flatMap((one) => found.get(one)?.deployments ?? []),
    collections: inOrder(order, found),
    withoutIt: [...including].map(([collection, them]) => ({ collection, included: them.map(({ of }) => of) })),
    settings: [...naming].map(([settings, them]) => ({ name: settings, collections: them.map(({ of }) => of) })),
    excludedBy: staying('excludedBy').map(({ by, of }) => ({ by, excluded: of })),
  };
}

/** Those first that nothing of the others needs, by whatever rule. */
function inOrder(names: readonly string[], found: ReadonlyMap<string, CollectionUses>): string[] {
  const left = new Set(names);
  const order: string[] = [];
  while (left.size > 0) {
    const free = [...left].filter((one) => {
      const { limits, includedBy, excludedBy } = found.get(one) as CollectionUses;
      return ![...limits, ...includedBy, ...excludedBy].some((user) => left.has(user));
    });
    // A circle cannot be; the server would say so.
    for (const one of free.length > 0 ? free : [...left]) {
      order.push(one);
      left.delete(one);
    }
  }
  return order;
}
