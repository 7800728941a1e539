import { Inject, Injectable } from '@nestjs/common';
import { contentKey } from '@muster/contracts/kinds/content-reference.js';
import type { ReferenceKind, References, SearchResult, Uses } from '@muster/contracts/kinds/sequence-search.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { findNodes, matchTexts, searchedWords } from '@muster/sequence/edit/search-words.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { DanglingReferenceRepository } from '../dangling/dangling-reference.repository.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { existingContent } from './existing-content.js';
import { sequenceTexts } from './index-sequence.js';
import { SequenceIndexRepository } from './sequence-index.repository.js';

const SHOWN_NODES = 10;
const MOST_WORDS = 10;

interface Page {
  limit: number;
  continue?: string | undefined;
}

/** Finds sequences by what is in them, and what refers to what. */
@Injectable()
export class SearchService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(SequenceIndexRepository) private readonly indexes: SequenceIndexRepository,
    @Inject(DanglingReferenceRepository) private readonly dangling: DanglingReferenceRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /** Nodes of all sequences that refer to something; what is not there has uses too, if nodes name it. */
  async uses(kind: ReferenceKind, name: string, page: Page): Promise<Uses> {
    const [sequence = '', ordinal = -1] = decodePosition(page.continue, ['string', 'number']);
    const found = await this.indexes.findUses(this.database, { kind, name }, [sequence, ordinal], page.limit + 1);
    return pageOf(found, page, (last) => [last.sequence, last.ordinal]);
  }

  /** What a sequence refers to, and whether it is there. Throws MusterError `resource.not-found`. */
  async references(name: string, page: Page): Promise<References> {
    const [after = -1] = decodePosition(page.continue, ['number']);
    const found = await this.indexes.findReferences(this.database, name, after, page.limit + 1);
    if (found.length === 0) await this.store.get(name);
    const { metadata, items } = pageOf(found, page, (last) => [last.ordinal]);
    const isSequence = (one: { kind: ReferenceKind }) => one.kind === 'TaskSequence';
    const sequences = await this.sequences(items.filter(isSequence).map((one) => one.name));
    const content = await existingContent(
      items.filter((one) => !isSequence(one)),
      this.bus,
    );
    return {
      metadata,
      items: items.map((one) => ({
        ...one,
        exists: isSequence(one) ? sequences.has(one.name) : content.has(contentKey(one)),
      })),
    };
  }

  /**
   * Sequences that have words beginning with each word of a text, and the nodes with any of them.
   *
   * @throws MusterError `search.no-words`, `request.bad-continue`
   */
  async search(text: string, page: Page): Promise<SearchResult> {
    const words = searchedWords(text);
    if (words.length === 0 || words.length > MOST_WORDS) {
      const message = `Look for 1 to ${MOST_WORDS} words of letters and digits; this text has ${words.length}`;
      throw new MusterError('invalid', 'search.no-words', message);
    }
    const [after = ''] = decodePosition(page.continue, ['string']);
    const found = await this.indexes.search(this.database, words, after, page.limit + 1);
    const { metadata, items } = pageOf(found, page, (last) => [last.name]);
    const dangling = await this.dangling.findMany(
      this.database,
      items.map(({ uid }) => uid),
    );
    return {
      metadata,
      items: items.map(({ uid, name, displayName, folder, labels, spec }) => {
        const { nodes, total } = findNodes(spec, words, SHOWN_NODES);
        const { where } = matchTexts(sequenceTexts({ name, displayName, folder, labels }, spec), words);
        const shownName = displayName === undefined ? {} : { displayName };
        return {
          sequence: name,
          ...shownName,
          ...(dangling.has(uid) ? { danglingReferences: dangling.get(uid) } : {}),
          where,
          nodes: nodes.map((node) => ({ ...node, where: [...node.where] })),
          matches: total,
        };
      }),
    };
  }

  private async sequences(names: readonly string[]): Promise<Set<string>> {
    return names.length === 0 ? new Set() : this.indexes.existing(this.database, names);
  }
}

/** The first of one entry more than the page has, and where it ended. */
function pageOf<Item extends object>(
  found: readonly Item[],
  { limit }: Page,
  positionOf: (last: Item) => (string | number)[],
): { metadata: { continue?: string }; items: Omit<Item, 'ordinal'>[] } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    metadata: found.length > limit && last ? { continue: encodePosition(positionOf(last)) } : {},
    items: items.map((item) => {
      const { ordinal: _ordinal, ...rest } = item as Item & { ordinal?: number };
      return rest;
    }),
  };
}
