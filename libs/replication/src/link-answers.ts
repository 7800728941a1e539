import {
  bucketsQuestionSchema,
  digestsQuestionSchema,
  pullQuestionSchema,
  type PullQuestion,
} from '@muster/contracts/links/link-messages.js';
import { judgeReader, readerGiven, START } from '@muster/hierarchy/link.js';
import type { Database } from '@muster/persistence/database.js';
import type { Hierarchy, KnownSite } from './hierarchy.repository.js';
import type { LinkPort } from './link-port.js';
import { LinkRepository } from './link.repository.js';
import { ReplicaRepository } from './replica.repository.js';

/** What this site tells its neighbours when they ask. */
export class LinkAnswers {
  private readonly replicas = new ReplicaRepository();
  private readonly links = new LinkRepository();

  constructor(
    private readonly database: Database,
    private readonly hierarchy: () => Hierarchy,
    private readonly now: () => number,
    /** This site was restored: what it read of its neighbours must be read anew. */
    private readonly onRestored: () => void,
  ) {}

  register(port: LinkPort): void {
    port.answer('pull', pullQuestionSchema, (question, asker) => this.pull(question, asker));
    port.answer('digests', digestsQuestionSchema, async (_question, asker) => {
      const digests = await this.replicas.digests(this.database, this.hierarchy().ownersOver(asker));
      return JSON.stringify({ digests });
    });
    port.answer('buckets', bucketsQuestionSchema, async ({ kind, buckets, afterKey, limit }, asker) => {
      const owners = this.hierarchy().ownersOver(asker);
      const { entries, lastKey } = await this.replicas.buckets(this.database, {
        kind,
        buckets,
        afterKey,
        limit,
        owners,
      });
      return `{"lastKey":${JSON.stringify(lastKey)},"entries":[${entries.join(',')}]}`;
    });
  }

  private async pull({ life: known, after, limit }: PullQuestion, asker: KnownSite): Promise<string> {
    const peer = asker.code;
    const asked = { life: known, after };
    const head = await this.replicas.head(this.database);
    const before = await this.links.reader(this.database, peer);
    const { life, former } = await this.replicas.lives(this.database);
    const judged = judgeReader(before, asked, { life, former, head });
    const clock = this.now();
    if (judged.beginAnew) {
      const now = judged.restored ? await this.beginAnotherLife(asked.life, life) : life;
      return pullJson({ asked, life: now, upto: START, beginAnew: true, backlog: 0, unsettled: false, clock }, []);
    }
    const { reader } = judged;
    const owners = this.hierarchy().ownersOver(asker);
    const { everythingUntil } = reader;
    const page = await this.replicas.feed(this.database, { after, limit, peer, owners, everythingUntil });
    const given = readerGiven(reader, page.upto);
    if (given !== before && !(await this.links.saveReader(this.database, peer, given, before))) {
      // Another question of this reader was answered meanwhile, and this one, which took long, must not take that back.
      return pullJson({ asked, life, upto: after, beginAnew: false, backlog: 1, unsettled: false, clock }, []);
    }
    const backlog = page.more ? Math.max(1, head.sequence - page.upto.sequence) : 0;
    const unsettled = !page.more && (await this.replicas.unsettled(this.database));
    return pullJson({ asked, life, upto: page.upto, beginAnew: false, backlog, unsettled, clock }, page.entries);
  }

  /** @param known by the reader who showed that this site was restored @param now the life that is over by that */
  private async beginAnotherLife(known: string | null, now: string): Promise<string> {
    const { life, begun } = await this.database.transaction(async (tx) => {
      // Two readers may notice at once: the second one finds it done.
      const current = await this.replicas.livesForUpdate(tx);
      if (current.life !== now) return { life: current.life, begun: false };
      // Any neighbour may have what this site has forgotten.
      await this.links.forgetPlaces(tx);
      return { life: await this.replicas.beginAnotherLife(tx, known === now ? null : known), begun: true };
    });
    if (begun) this.onRestored();
    return life;
  }
}

function pullJson(fields: object, entries: readonly string[]): string {
  return `${JSON.stringify(fields).slice(0, -1)},"entries":[${entries.join(',')}]}`;
}
