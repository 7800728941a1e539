import { duration } from '../output/age.js';
import type { Terminal } from '../terminal.js';
import type { ChildEvent } from '@muster/localsite/child.js';

const names: Readonly<Record<string, string>> = {
  postgres: 'Postgres',
  nats: 'NATS with JetStream',
  store: 'distribution point (S3)',
  catalog: 'catalog service',
  deployment: 'deployment service',
  content: 'content service',
  policy: 'policy service',
  edge: 'edge proxy',
  agent: 'agent on this computer',
};

/** Does one thing and says how long it took: `uploading the package … 0.4 s`. A failure has no line: the error says it. */
export async function phase<Result>(terminal: Terminal, title: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  if (terminal.interactive) terminal.progress(`  ${title} …`);
  const result = await work();
  terminal.out(`  ${title} … ${duration(performance.now() - started)}`);
  return result;
}

/** Says what becomes of the processes of a site: how long each took to start; later only when one ends by itself. */
export class ChildReports {
  private readonly startedAt = new Map<string, number>();
  private readonly crashed = new Set<string>();
  private readonly wasReady = new Set<string>();

  constructor(
    private readonly terminal: Terminal,
    private readonly stopping: AbortSignal,
  ) {}

  show({ name, state, detail }: ChildEvent): void {
    const title = names[name] ?? name;
    if (state === 'starting' && !this.startedAt.has(name)) this.startedAt.set(name, performance.now());
    if (state === 'stopped') this.startedAt.delete(name);
    if (state === 'ready') {
      const seconds = duration(performance.now() - (this.startedAt.get(name) ?? 0));
      const again = this.crashed.delete(name) && this.wasReady.has(name);
      this.terminal.out(again ? `note: ${title} is back` : `  starting ${title} … ${seconds}`);
      this.wasReady.add(name);
    }
    if (state === 'crashed' && !this.stopping.aborted) {
      this.crashed.add(name);
      this.terminal.out(`note: ${title} ended${detail === undefined ? '' : `: ${detail}`}; it is started again`);
    }
  }
}
