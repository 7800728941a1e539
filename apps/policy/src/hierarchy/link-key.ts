import { LinkKey } from '@muster/replication/site-signature.js';
import { MusterError } from '@muster/platform/errors.js';
import type { PolicyConfig } from '../config.js';

/** The key by which other sites know this one, where the site has one. */
export class OwnLinkKey {
  private readonly known: LinkKey | undefined;

  constructor({ MUSTER_LINK_KEY: pem }: Pick<PolicyConfig, 'MUSTER_LINK_KEY'>) {
    this.known = pem === undefined ? undefined : new LinkKey(pem);
  }

  get ifAny(): LinkKey | undefined {
    return this.known;
  }

  /** @throws MusterError `hierarchy.no-link-key` */
  get required(): LinkKey {
    if (this.known) return this.known;
    throw new MusterError(
      'conflict',
      'hierarchy.no-link-key',
      'This site has no key by which others could know it: give all services MUSTER_LINK_KEY_FILE, an Ed25519 key as PKCS #8 in PEM',
    );
  }
}
