import { mostConnections } from './open-files.js';

describe('mostConnections', () => {
  it('leaves files for everything else', () => {
    const limits =
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            20000                20000                files\n';
    expect(mostConnections(limits)).toBe(19_744);
  });

  it('leaves half where there are few', () => {
    expect(mostConnections('Max open files            256                256                files\n')).toBe(128);
  });

  it.each(['', 'Max open files            unlimited            unlimited            files\n'])(
    'says nothing where the system says nothing: %j',
    (limits) => expect(mostConnections(limits)).toBeUndefined(),
  );
});
