import type { Offer } from './offers.js';

/** Offers as lines for people. */
export function describeOffers(offers: readonly Offer[]): string[] {
  if (offers.length === 0) return ['nothing is deployed to this computer'];
  const width = Math.max('DEPLOYMENT'.length, ...offers.map(({ deployment }) => deployment.length));
  const line = (deployment: string, purpose: string, last: string, says: string): string =>
    `${deployment.padEnd(width)}  ${purpose.padEnd(9)}  ${last.padEnd(9)}  ${says}`;
  return [
    line('DEPLOYMENT', 'PURPOSE', 'LAST RUN', 'STATE'),
    ...offers.map(({ deployment, purpose, lastRun, isNew, says, remindsAt }) =>
      line(
        deployment,
        purpose,
        lastRun?.result ?? (isNew ? 'new' : '-'),
        remindsAt === undefined ? says : `${says}; people here are reminded at ${remindsAt}`,
      ),
    ),
  ];
}
