import type { JoinClaims } from '@muster/contracts/hierarchy/joining.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { placeProblem } from '@muster/hierarchy/sites.js';
import type { Category } from '@muster/contracts/problem.js';
import type { StoredJoinToken } from './join-token.repository.js';

/** Why a site may not join, with what would be right. */
export interface Refusal {
  readonly category: Category;
  readonly code: string;
  readonly message: string;
}

/** What the parent knows when a site presents a token. */
export interface JoinQuestion {
  readonly token: StoredJoinToken | undefined;
  readonly claims: JoinClaims;
  /** Of the child's link key. */
  readonly thumbprint: string;
  /** The token names a link key that this site had before. */
  readonly outdated: boolean;
  readonly own: HierarchySiteRecord;
  readonly sites: readonly HierarchySiteRecord[];
  /** Of the key to which this site's secrets are sealed. */
  readonly sealingKey: string;
  readonly now: Date;
}

/**
 * May a site join below this one? `again`: it did already, by this token and this key, and its answer was lost. Whoever has used a
 * token may ask again although it has expired since: only the same key gets an answer.
 */
export function judgeJoin(question: JoinQuestion): 'admit' | 'again' | Refusal {
  const { token, claims, thumbprint, sites } = question;
  if (!token)
    return refusal('unauthenticated', 'hierarchy.unknown-token', 'This join token is unknown here. Make a new one');
  // The child believes only the key that the token names, and it may be the one that was stolen.
  if (question.outdated)
    return refusal(
      'unauthenticated',
      'hierarchy.outdated-token',
      `This join token names a link key that ${question.own.code} gave up. Make a new one`,
    );
  const known = sites.find(({ code }) => code === claims.code);
  if (token.usedAt !== null) {
    if (token.usedBy !== thumbprint)
      return refusal(
        'unauthenticated',
        'hierarchy.used-token',
        'A site joined with this token already; it is good once. Make a new one',
      );
    if (known?.revoked !== false)
      return refusal(
        'forbidden',
        'hierarchy.revoked-site',
        `Site ${claims.code} was revoked. Only a new token brings it back: muster hierarchy token create ${claims.code}`,
      );
    return 'again';
  }
  return judgeToken(token, question.now) ?? judgePlace(token, question, known) ?? 'admit';
}

function judgeToken(token: StoredJoinToken, now: Date): Refusal | undefined {
  if (token.revokedAt !== null)
    return refusal(
      'unauthenticated',
      'hierarchy.revoked-token',
      `This join token was revoked at ${token.revokedAt.toISOString()}. Make a new one`,
    );
  if (token.expiresAt <= now)
    return refusal(
      'unauthenticated',
      'hierarchy.expired-token',
      `This join token expired at ${token.expiresAt.toISOString()}. Make a new one`,
    );
  return undefined;
}

function judgePlace(
  token: StoredJoinToken,
  { claims, own, sites, sealingKey }: JoinQuestion,
  known: HierarchySiteRecord | undefined,
): Refusal | undefined {
  if (claims.code !== token.code)
    return refusal(
      'forbidden',
      'hierarchy.wrong-code',
      `This join token is for the site ${token.code}, and it was site ${claims.code} that sent it`,
    );
  if (claims.kind !== token.kind)
    return refusal(
      'forbidden',
      'hierarchy.wrong-kind',
      `This join token is for a ${token.kind} site, and ${claims.code} is a ${claims.kind} site (MUSTER_SITE_KIND)`,
    );
  const problem = placeProblem({ ...claims, parent: own.code }, { ...own, parent: own.parent ?? undefined });
  if (problem) return refusal('conflict', 'hierarchy.wrong-place', `${claims.code} cannot be here: ${problem}`);
  // The same site by its key may come again, as one whose answer was lost does; a revoked one may have another key by now.
  const same = known?.parent === own.code && (known.revoked || known.publicKey?.x === claims.publicKey.x);
  if (known && !same) return codeInUse(claims.code);
  const taken = claims.below.find(({ code }) =>
    sites.some((site) => site.code === code && site.parent !== claims.code),
  );
  if (taken) return codeInUse(taken.code);
  if (claims.sealingKey !== sealingKey)
    return refusal(
      'conflict',
      'hierarchy.other-sealing-key',
      `${claims.code} seals its secrets to another key than ${own.code}, so that neither could open what the other has. ` +
        'Give both the same: on one machine start the newer site with "muster up --sealing-key" and the file keys/sealing-key ' +
        'of the other; on Kubernetes put the same MUSTER_SEALING_KEY into both',
    );
  return undefined;
}

function codeInUse(code: string): Refusal {
  return refusal(
    'conflict',
    'hierarchy.code-in-use',
    `There is a site ${code} in this hierarchy. Codes are for ever: choose another, or revoke that one first if it is the same`,
  );
}

function refusal(category: Category, code: string, message: string): Refusal {
  return { category, code, message };
}
