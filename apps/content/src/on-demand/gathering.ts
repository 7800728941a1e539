interface Batch<Item, Answer> {
  readonly items: Set<Item>;
  readonly answer: Promise<Answer>;
}

/** One piece of work at a time for each key. Who asks while one is under way is part of the next: a crowd is two, not a thousand. */
export class Gathering<Item, Answer> {
  private readonly running = new Map<string, Promise<Answer>>();
  private readonly next = new Map<string, Batch<Item, Answer>>();

  /** Does the work for these and all others who ask before it begins. All get the same answer, or the same failure. */
  ask(key: string, items: readonly Item[], work: (items: ReadonlySet<Item>) => Promise<Answer>): Promise<Answer> {
    const waiting = this.next.get(key);
    if (waiting) {
      for (const item of items) waiting.items.add(item);
      return waiting.answer;
    }
    const gathered = new Set(items);
    const answer = this.inTurn(key, () => work(gathered));
    this.next.set(key, { items: gathered, answer });
    return answer;
  }

  private async inTurn(key: string, work: () => Promise<Answer>): Promise<Answer> {
    await this.running.get(key)?.catch(() => undefined);
    this.next.delete(key);
    const answer = work();
    this.running.set(key, answer);
    try {
      return await answer;
    } finally {
      if (this.running.get(key) === answer) this.running.delete(key);
    }
  }
}
