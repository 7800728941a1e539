import { isTransient } from './database.js';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what many callers want at the same time into few statements. Who comes alone does not wait; while as many batches as may be are
 * under way, whoever comes waits for the next one and goes with all others that wait.
 *
 * A batch that fails is done again item by item, so that only the item fails that is the reason. `run` must have done nothing when it
 * throws: one statement, or one transaction.
 */
export class Batches<Item, Answer> {
  private readonly waiting: Waiting<Item, Answer>[] = [];
  private underWay = 0;
  private begunAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Immediate | undefined;

  /**
   * @param run answers the items in their order
   * @param limits.atOnce batches under way, each of which holds a connection
   * @param limits.most what a batch may weigh at most; an item that is heavier goes alone
   * @param limits.pauseMilliseconds from the beginning of one batch to that of the next one that is not full: who comes after a pause does not
   *   wait, a crowd goes together
   */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly limits: { readonly atOnce: number; readonly most: number; readonly pauseMilliseconds?: number },
    private readonly weigh: (item: Item) => number = () => 1,
  ) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      // Behind everything that this turn of the event loop has read from its sockets.
      this.soon ??= setImmediate(() => {
        this.soon = undefined;
        this.start();
      });
    });
  }

  private start(): void {
    while (this.underWay < this.limits.atOnce && this.waiting.length > 0) {
      const pause = this.begunAt + (this.limits.pauseMilliseconds ?? 0) - performance.now();
      if (pause > 0 && !this.isFull()) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.start();
        }, pause).unref();
        return;
      }
      this.begunAt = performance.now();
      this.underWay += 1;
      void this.settle(this.takeNext()).finally(() => {
        this.underWay -= 1;
        this.start();
      });
    }
  }

  private isFull(): boolean {
    let weight = 0;
    return this.waiting.some(({ item }) => (weight += this.weigh(item)) >= this.limits.most);
  }

  private takeNext(): Waiting<Item, Answer>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.waiting) {
      weight += this.weigh(item);
      if (count > 0 && weight > this.limits.most) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private async settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.run(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new Error('a batch answered another number of items than it had');
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer));
    } catch (error) {
      // What may pass by itself is nobody's fault: each alone would fail of it too.
      if (batch.length === 1 || isTransient(error)) for (const { reject } of batch) reject(error);
      else for (const one of batch) await this.settle([one]);
    }
  }
}
