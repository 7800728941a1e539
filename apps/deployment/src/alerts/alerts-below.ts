import { alert, type AlertsBelowQuery, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import { API_VERSION, type Resource, type ResourceList } from '@muster/contracts/resource.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { ownedKey, ownerOf } from '@muster/service/replication/owned-replicas.js';
import type { Summary } from '@muster/service/replication/site-summaries.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';

type Alert = Resource<AlertSpec, AlertStatus>;

/** An alert as its site tells it: without what is each site's own. */
interface ToldAlert extends Pick<Alert, 'spec' | 'status'> {
  readonly metadata: Pick<Alert['metadata'], 'uid' | 'labels' | 'createdAt' | 'updatedAt'>;
}

interface KeptAlert {
  readonly key: string;
  readonly stamp: number;
  readonly told: ToldAlert;
}

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** Alerts of this site, as the sites above are told of them. */
export const alertsTold: Summary<ToldAlert> = {
  kind: alert.kind,
  async read(database) {
    const rows = await database.query<{ name: string; told: ToldAlert }>(
      `select name, jsonb_build_object('spec', spec, 'status', status, 'metadata', jsonb_build_object(
         'uid', uid, 'labels', labels, 'createdAt', to_char(created_at at time zone 'utc', ${ISO}),
         'updatedAt', to_char(updated_at at time zone 'utc', ${ISO}))) as told
       from alert_document`,
    );
    return new Map(rows.map(({ name, told }) => [name, told]));
  },
};

/** Sites below that told of an alert of this name. */
export async function sitesWithAlert(database: Queryable, here: string, name: string): Promise<string[]> {
  const rows = await database.query<{ owner: string }>(
    `select owner from replica where kind = $1 and content is not null and owner <> $2 and key = $3 || '/' || owner order by owner`,
    [alert.kind, here, name],
  );
  return rows.map(({ owner }) => owner);
}

/** Alerts of the sites below this one, to look at: what is done about them is said at their own site. */
export class AlertsBelow {
  constructor(
    private readonly site: string,
    private readonly database: Database,
  ) {}

  /** A page in the order of names, then of sites. Throws MusterError `request.bad-continue`. */
  async list({ limit = 100, continue: token, ...which }: AlertsBelowQuery): Promise<ResourceList<Alert>> {
    const [after = ''] = decodePosition(token, ['string']);
    const { site = null, state = null, deployment = null } = which;
    const found = await this.database.query<KeptAlert>(
      `select key, stamp, content as told from replica
       where kind = $1 and content is not null and owner <> $2 and key > $3 and ($4::text is null or owner = $4)
         and ($5::text is null or content #>> '{status,state}' = $5)
         and ($6::text is null or content #>> '{metadata,labels,deployment}' = $6)
       order by key limit $7`,
      [alert.kind, this.site, after, site, state, deployment, limit + 1],
    );
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      apiVersion: API_VERSION,
      kind: `${alert.kind}List`,
      metadata: last === undefined ? {} : { continue: encodePosition([last.key]) },
      items: found.slice(0, limit).map(toResource),
    };
  }

  /** @throws MusterError `resource.not-found` */
  async get(site: string, name: string): Promise<Alert> {
    const [found] = await this.database.query<KeptAlert>(
      `select key, stamp, content as told from replica where kind = $1 and key = $2 and content is not null and owner <> $3`,
      [alert.kind, ownedKey(name, site), this.site],
    );
    if (!found) throw new MusterError('not-found', 'resource.not-found', `Site ${site} has told of no Alert "${name}"`);
    return toResource(found);
  }
}

function toResource({ key, stamp, told: { metadata, spec, status } }: KeptAlert): Alert {
  const { name = key, site = '' } = ownerOf(key) ?? {};
  return {
    apiVersion: API_VERSION,
    kind: alert.kind,
    metadata: { ...metadata, name, resourceVersion: String(stamp), generation: 1 },
    spec,
    status: { ...status, site },
  };
}
