import { SEEN_AT_ONCE } from '@muster/contracts/events/devices-seen.js';
import { NotedSightings } from './noted-sightings.js';

const at = '2026-11-28T12:00:00.000Z';

describe('what a process notes of devices', () => {
  it('is nothing while nobody comes', () => {
    expect(new NotedSightings().take('p', at).facts).toEqual([]);
  });

  it('is told once, and only the last of a connection that came and went', () => {
    const noted = new NotedSightings();
    noted.noteSeen('a');
    noted.noteSeen('a');
    noted.noteOpened('a');
    noted.noteOpened('b');
    noted.noteClosed('b');
    expect(noted.take('p', at).facts).toEqual([{ at, process: 'p', devices: ['a'], opened: ['a'], closed: ['b'] }]);
    noted.noteClosed('a');
    noted.noteOpened('a');
    expect(noted.take('p', at).facts).toEqual([{ at, process: 'p', devices: [], opened: ['a'], closed: [] }]);
  });

  it('is a sign of life without devices while connections are only open, and none when the last has ended', () => {
    const noted = new NotedSightings();
    noted.noteOpened('a');
    noted.take('p', at);
    expect(noted.take('p', at).facts).toEqual([{ at, process: 'p', devices: [], opened: [], closed: [] }]);
    noted.noteClosed('a');
    expect(noted.take('p', at).facts).toHaveLength(1);
    expect(noted.take('p', at).facts).toEqual([]);
  });

  it('is told the next time when it could not be told, but for what is not so any more', () => {
    const noted = new NotedSightings();
    noted.noteSeen('a');
    noted.noteOpened('a');
    noted.noteOpened('b');
    const { putBack } = noted.take('p', at);
    noted.noteClosed('a');
    noted.noteSeen('c');
    putBack();
    const [fact] = noted.take('p', at).facts;
    expect([fact?.devices.toSorted(), fact?.opened, fact?.closed]).toEqual([['a', 'c'], ['b'], ['a']]);
  });

  it('comes in facts of so many devices at most', () => {
    const noted = new NotedSightings();
    for (let device = 0; device <= SEEN_AT_ONCE; device += 1) noted.noteOpened(String(device));
    expect(noted.take('p', at).facts.map(({ opened }) => opened?.length)).toEqual([SEEN_AT_ONCE, 1]);
  });
});
