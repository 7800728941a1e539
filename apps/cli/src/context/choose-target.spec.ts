import { candidateTokens, withLocalContext } from '../up-command/local-context.js';
import { chooseTarget } from './choose-target.js';
import type { ContextFile } from './context-file.js';

const file: ContextFile = {
  current: 'berlin',
  contexts: {
    berlin: { server: 'https://berlin.example/', token: 'tb' },
    local: { server: 'http://127.0.0.1:7700', token: 'tl' },
  },
};
const choose = (flags: object, environment: Record<string, string> = {}, contexts = file) =>
  chooseTarget({ flags, environment, file: contexts });

describe('choosing the site', () => {
  it('takes the current context', () => {
    expect(choose({})).toEqual({ server: 'https://berlin.example', token: 'tb' });
  });

  it('prefers a context by name, the environment to it, and flags to everything', () => {
    expect(choose({ context: 'local' })).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
    const environment = { MUSTER_SERVER: 'http://e:1', MUSTER_TOKEN: 'te' };
    expect(choose({}, environment)).toEqual({ server: 'http://e:1', token: 'te' });
    expect(choose({ context: 'local' }, environment)).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
    expect(choose({ server: 'http://f:2', token: 'tf' }, environment)).toEqual({ server: 'http://f:2', token: 'tf' });
  });

  it("never sends a context's token to another server", () => {
    expect(choose({ server: 'http://elsewhere:1' })).toEqual({ server: 'http://elsewhere:1', token: undefined });
    expect(choose({ server: 'https://berlin.example' })).toEqual({ server: 'https://berlin.example', token: 'tb' });
  });

  it('names the known contexts when one is unknown', () => {
    expect(() => choose({ context: 'paris' })).toThrow('there is no context "paris"; known contexts: berlin, local');
    expect(() => choose({ context: 'constructor' })).toThrow('there is no context "constructor"');
  });

  it('says how to get a site when there is none', () => {
    expect(() => choose({}, {}, { contexts: {} })).toThrow(
      expect.objectContaining({ code: 'config.no-server', exitCode: 2 }),
    );
  });

  it.each(['nonsense', 'ftp://x', 'http://x/?a=1'])('refuses "%s" as an address', (server) => {
    expect(() => choose({ server })).toThrow(expect.objectContaining({ code: 'config.server-address' }));
  });
});

describe('the context of a site on this computer', () => {
  it('becomes the current one when there is none', () => {
    expect(withLocalContext({ contexts: {} }, 'http://127.0.0.1:7700', 't')).toEqual({
      current: 'local',
      contexts: { local: { server: 'http://127.0.0.1:7700', token: 't' } },
    });
  });

  it('leaves the choice of another site alone', () => {
    expect(withLocalContext(file, 'http://127.0.0.1:7700', 't').current).toBe('berlin');
  });

  it('keeps the token of a former local site', () => {
    const { contexts } = withLocalContext(file, 'http://127.0.0.1:8800', 'new');
    expect(contexts['local']).toEqual({ server: 'http://127.0.0.1:8800', token: 'new' });
    expect(contexts['local-7700']).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
  });

  it('is found again by address first, then among the local ones; tokens of other sites are not tried', () => {
    const several: ContextFile = {
      contexts: { ...file.contexts, 'local-8800': { server: 'http://127.0.0.1:8800', token: 't8' } },
    };
    expect(candidateTokens(several, 'http://127.0.0.1:8800', {})).toEqual(['t8', 'tl']);
    expect(candidateTokens(several, 'http://127.0.0.1:9', { MUSTER_TOKEN: 'te' })).toEqual(['te', 'tl', 't8']);
  });
});
