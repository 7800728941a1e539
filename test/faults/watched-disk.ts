import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * What the disk would hold if the computer died now. `content`: what a reader sees (the page cache); `durable`: what a loss
 * of power leaves for sure. Both are absent where the file is not there, or where its name may be lost.
 */
export interface DiskState {
  readonly content: Buffer | undefined;
  readonly durable: Buffer | undefined;
  /** All names on the way to the file survive a loss of power. */
  readonly named: boolean;
  /** The names that do, below the base. */
  readonly durableNames: readonly string[];
  /** Other files of the folder, by name: locks. */
  readonly others: Readonly<Record<string, Buffer>>;
}

/**
 * Watches what the program under test does to one run folder: every call that changes it is a moment at which the computer
 * may die. Knows which bytes and which names are durable: only fsync and fdatasync make them so. The calls are done for real.
 */
export class WatchedDisk {
  /** Bytes that are durable, by the path of their file. */
  private readonly durable = new Map<string, Buffer>();
  private readonly durableNames = new Set<string>();
  private readonly paths = new Map<number, string>();

  /**
   * @param base exists and is durable; the run folder lies below it
   * @param folder the run folder
   * @param file name of the file in it whose bytes are followed
   */
  constructor(
    private readonly base: string,
    private readonly folder: string,
    private readonly file: string,
    private readonly onChange: (what: string) => void,
  ) {}

  private get path(): string {
    return join(this.folder, this.file);
  }

  /** Puts a state on the disk, as it is found by the next life. */
  restore({ content, durable, durableNames, others }: DiskState): void {
    if (content === undefined && Object.keys(others).length === 0) return;
    real.mkdirSync(this.folder, { recursive: true });
    if (content) real.writeFileSync(this.path, content, { mode: 0o600 });
    for (const [name, bytes] of Object.entries(others)) real.writeFileSync(join(this.folder, name), bytes);
    if (durable) this.durable.set(this.path, durable);
    for (const name of durableNames) this.durableNames.add(join(this.base, name));
  }

  state(): DiskState {
    const others: Record<string, Buffer> = {};
    let content: Buffer | undefined;
    for (const name of listFolder(this.folder)) {
      const path = join(this.folder, name);
      if (name === this.file) content = real.readFileSync(path);
      else if (real.statSync(path).isFile()) others[name] = real.readFileSync(path);
    }
    const durableNames = [...this.durableNames].map((path) => path.slice(this.base.length + 1));
    return { content, durable: this.durable.get(this.path), named: this.isNamed(), durableNames, others };
  }

  private isNamed(): boolean {
    for (let path = this.path; path !== this.base; path = dirname(path)) if (!this.durableNames.has(path)) return false;
    return true;
  }

  private covers(path: unknown): path is string {
    return typeof path === 'string' && (path === this.base || path.startsWith(`${this.base}/`));
  }

  /** For the patched functions. */
  opened(descriptor: number, path: unknown): void {
    if (this.covers(path)) this.paths.set(descriptor, path);
  }

  closed(descriptor: number): void {
    this.paths.delete(descriptor);
  }

  synced(descriptor: number): void {
    const path = this.paths.get(descriptor);
    if (path === undefined) return;
    if (real.fstatSync(descriptor).isDirectory()) this.namesSynced(path);
    else this.durable.set(path, real.readFileSync(path));
    this.onChange(`sync ${this.nameOf(path)}`);
  }

  private namesSynced(folder: string): void {
    for (const path of this.durableNames) {
      if (dirname(path) === folder && !real.existsSync(path)) this.durableNames.delete(path);
    }
    for (const name of listFolder(folder)) this.durableNames.add(join(folder, name));
  }

  /** The bytes keep what they are; the new name is not durable. */
  renamed(from: unknown, to: unknown): void {
    if (!this.covers(from) || !this.covers(to)) return;
    const bytes = this.durable.get(from);
    if (bytes) this.durable.set(to, bytes);
    else this.durable.delete(to);
    this.durable.delete(from);
    this.durableNames.delete(to);
  }

  changed(what: string, target: unknown): void {
    const path = typeof target === 'number' ? this.paths.get(target) : target;
    if (this.covers(path)) this.onChange(`${what} ${this.nameOf(path)}`);
  }

  private nameOf(path: string): string {
    const name = path.slice(this.base.length + 1) || '.';
    // Lock files have random names.
    return name.replaceAll(/[0-9a-f]{24}/g, '*');
  }
}

let attached: WatchedDisk | undefined;

/** From here on this disk is told what happens; none: nobody is. */
export function watch(disk: WatchedDisk | undefined): void {
  attached = disk;
}

const real = { ...fs };

function listFolder(path: string): string[] {
  return real.existsSync(path) ? real.readdirSync(path) : [];
}

type Call = (...call: never[]) => unknown;

/** Replaces a function of node:fs by one that tells the watched disk afterwards. */
function follow<Name extends keyof typeof fs>(
  name: Name,
  tell: (disk: WatchedDisk, call: unknown[], answer: unknown) => void,
): void {
  const original = fs[name] as Call;
  const followed = (...call: never[]): unknown => {
    const answer = original(...call);
    if (attached) tell(attached, call, answer);
    return answer;
  };
  Object.assign(fs, { [name]: followed });
}

let installed = false;

/** Replaces the functions of node:fs that change files, for every module of this process, once. */
export function watchFileSystem(): void {
  if (installed) return;
  installed = true;
  follow('openSync', (disk, [path, flags], descriptor) => {
    disk.opened(Number(descriptor), path);
    if (flags !== 'r') disk.changed('open', path);
  });
  follow('closeSync', (disk, [descriptor]) => disk.closed(Number(descriptor)));
  follow('fsyncSync', (disk, [descriptor]) => disk.synced(Number(descriptor)));
  follow('fdatasyncSync', (disk, [descriptor]) => disk.synced(Number(descriptor)));
  for (const name of ['writeSync', 'ftruncateSync', 'writeFileSync', 'mkdirSync', 'rmSync'] as const)
    follow(name, (disk, [target]) => disk.changed(name.replace('Sync', ''), target));
  follow('linkSync', (disk, [, to]) => disk.changed('link', to));
  follow('renameSync', (disk, [from, to]) => {
    disk.renamed(from, to);
    disk.changed('rename', to);
  });
  syncBuiltinESMExports();
}
