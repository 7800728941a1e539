import { type ScriptScope, answerLine } from './answer-request.js';
import { socketEnvironment } from './environment.js';
import { ScriptSocket } from './script-socket.js';
import type { SocketFolder } from './socket-folder.js';

/** The way of one step's scripts to the variables. The socket is opened for the first process and closed with the step. */
export class StepScripts {
  private socket: ScriptSocket | undefined;
  private state: 'unused' | 'open' | 'refused' | 'closed' = 'unused';

  constructor(
    private readonly folder: SocketFolder,
    private readonly scope: ScriptScope,
  ) {}

  /** What the processes of the step need in their environment: TSENV_SOCKET and TSENV_NODE. Opens the socket. */
  get environment(): Record<string, string> {
    // Named pipes of Windows would need access rights that Node cannot give them.
    if (process.platform === 'win32') return {};
    if (this.state === 'unused') {
      const folder = this.folder.path;
      this.socket =
        folder === undefined ? undefined : ScriptSocket.open(folder, (line) => answerLine(line, this.scope));
      this.state = this.socket ? 'open' : 'refused';
    }
    return this.state === 'open' && this.socket ? socketEnvironment(this.socket.path) : {};
  }

  /** Ends the way, at once. Answers what was not as it should be: without a socket the step ran all the same. */
  close(): readonly string[] {
    const refused = this.state === 'refused';
    this.socket?.close();
    this.state = 'closed';
    return refused ? ['tsenv.unavailable: no socket could be made for the scripts of this step'] : [];
  }
}
