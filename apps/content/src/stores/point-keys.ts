import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { pointCredentials, type ContentConfig, type StoreKeys } from '../config.js';

/** The keys of points by their names. Their file is read again when it changes: who adds a point, or exchanges keys, restarts nothing. */
export class PointKeys {
  private keys: ReadonlyMap<string, StoreKeys>;
  private readState: string | undefined;

  /** @throws ConfigError when the file is wrong at the start */
  constructor(
    private readonly config: ContentConfig,
    private readonly logger: Logger,
  ) {
    this.readState = this.stateOfFile();
    this.keys = pointCredentials(config);
  }

  find(name: string): StoreKeys | undefined {
    this.readAgain();
    return this.keys.get(name);
  }

  names(): string[] {
    this.readAgain();
    return [...this.keys.keys()].sort();
  }

  /** A file that is wrong, or away, changes nothing: points go on with the keys that they had. */
  private readAgain(): void {
    const state = this.stateOfFile();
    if (state === this.readState) return;
    this.readState = state;
    try {
      this.keys = pointCredentials(this.config);
      this.logger.info({ names: [...this.keys.keys()] }, 'the keys of points were read again');
    } catch (error) {
      this.logger.error({ reason: (error as Error).message }, 'the keys of points stay what they were');
    }
  }

  private stateOfFile(): string | undefined {
    const path = this.config.MUSTER_POINT_CREDENTIALS_FILE;
    const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    return found && `${found.ino} ${found.mtimeMs} ${found.size}`;
  }
}
