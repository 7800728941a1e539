import { collectionSpecSchema, namedCollections } from '@muster/contracts/kinds/collection.js';
import { applicationSchema } from '@muster/sequence/applications/application.js';
import { applicationReferences } from '@muster/sequence/applications/application-references.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { validateSequence } from '@muster/sequence/validate.js';

/** Kinds in the order in which they can refer to each other: what is referred to comes first. */
const order = [
  'Package',
  'OsImage',
  'UpgradePackage',
  'BootImage',
  'DriverPackage',
  'Application',
  'DistributionPoint',
  'DistributionPointGroup',
  'BoundaryGroup',
  'Distribution',
  'Device',
  'Collection',
  'ClientSettings',
  'TaskSequence',
  'Deployment',
  'Webhook',
  'AlertSubscription',
] as const;

/** What of a document decides on its place. */
interface Placed {
  readonly kind: { readonly kind: string };
  readonly input?: { readonly metadata: { readonly name: string }; readonly spec: unknown };
}

/** Documents so that every reference exists when it is needed; what does not refer to each other stays as it was written. */
export function inApplyOrder<Item extends Placed>(documents: readonly Item[]): Item[] {
  const rank = ({ kind }: Item): number => {
    const index = (order as readonly string[]).indexOf(kind.kind);
    return index < 0 ? order.length : index;
  };
  return childrenFirst(documents.toSorted((a, b) => rank(a) - rank(b)));
}

/** The reverse: what refers goes before what it refers to. */
export function inDeleteOrder<Item extends Placed>(documents: readonly Item[]): Item[] {
  return inApplyOrder(documents).toReversed();
}

/** Puts what is made of others of its kind behind them. Those in a circle stay as they were: the server says what is wrong with them. */
function childrenFirst<Item extends Placed>(documents: readonly Item[]): Item[] {
  const key = (kind: string, name: string): string => `${kind}/${name}`;
  const byName = new Map<string, Item>();
  for (const item of documents) if (item.input) byName.set(key(item.kind.kind, item.input.metadata.name), item);
  const placed = new Set<Item>();
  const begun = new Set<Item>();
  const place = (item: Item): void => {
    if (begun.has(item)) return;
    begun.add(item);
    for (const name of namesOfItsKind(item)) {
      const child = byName.get(key(item.kind.kind, name));
      if (child) place(child);
    }
    placed.add(item);
  };
  for (const item of documents) place(item);
  return [...placed];
}

/** What an object is made of, of its own kind. As written: what is not right has no order, and the server will say so. */
function namesOfItsKind({ kind: { kind }, input }: Placed): string[] {
  if (!input) return [];
  if (kind === 'Collection') {
    const { data } = collectionSpecSchema.safeParse(input.spec);
    return data ? namedCollections(data).map(({ name }) => name) : [];
  }
  if (kind === 'Application') {
    const { data } = applicationSchema.safeParse(input.spec);
    return (data ? applicationReferences(data) : [])
      .filter((one) => one.kind === 'Application')
      .map(({ name }) => name);
  }
  if (kind !== 'TaskSequence' || validateSequence(input.spec).some(({ severity }) => severity === 'error')) return [];
  return collectReferences(input.spec as SequenceSpec)
    .filter(({ reference, disabled }) => reference.kind === 'TaskSequence' && !disabled)
    .map(({ reference }) => reference.name);
}
