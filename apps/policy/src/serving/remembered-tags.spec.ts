import { RememberedTags } from './remembered-tags.js';

const [one, other] = ['one', 'other'];

function remembering(): RememberedTags {
  const tags = new RememberedTags(5);
  tags.remember(one, '"a"', 5);
  tags.remember(other, '"b"', 7);
  return tags;
}

describe('remembered tags', () => {
  it('are forgotten for the devices that a change concerns, and kept for others', () => {
    const tags = remembering();
    tags.changed(8, [one]);
    expect([tags.get(one), tags.get(other), tags.upTo]).toEqual([undefined, '"b"', 8]);
  });

  it('are all forgotten when more devices are concerned than are known', () => {
    const tags = remembering();
    tags.changed(8, [one, other, 'third']);
    expect([tags.get(one), tags.get(other)]).toEqual([undefined, undefined]);
  });

  it('do not take what was read before a change that was applied meanwhile', () => {
    const tags = remembering();
    tags.changed(8, [one]);
    tags.remember(one, '"old"', 7);
    expect(tags.get(one)).toBeUndefined();
    tags.remember(one, '"new"', 8);
    expect(tags.get(one)).toBe('"new"');
  });

  it('stand at the highest serial that was applied, whatever order answers come in', () => {
    const tags = remembering();
    tags.changed(9, []);
    tags.changed(8, []);
    expect(tags.upTo).toBe(9);
  });

  it('are gone when nobody can say what changed', () => {
    const tags = remembering();
    tags.forgetAll();
    expect([tags.get(one), tags.get(other)]).toEqual([undefined, undefined]);
  });
});
