import { FACT_NOT_TOLD } from '@muster/sequence/conditions/facts-query.js';
import { whyUnknown } from './why-unknown.js';

const curl = 'software.exists(s, s.name == "curl")';

describe('why a query about software has no answer', () => {
  it('is that the device told nothing of it', () => {
    expect(whyUnknown(curl, {}, null)).toBe(FACT_NOT_TOLD);
  });

  it.each([curl, 'software.all(s, s.name != "curl")', 'size(software) > 9', `!${curl}`])(
    'is that its list was cut, and not that it told nothing: %s',
    (query) => {
      expect(whyUnknown(query, {}, 3)).toBe(
        'its list of software was cut: 3 more are installed than it told, so nobody knows of what is not in it',
      );
      expect(whyUnknown(query, {}, 1)).toContain('1 more is installed');
    },
  );

  it('is the other fact, where that is the one which is not told', () => {
    expect(whyUnknown(`${curl} || domain == "example"`, {}, 3)).toBe(FACT_NOT_TOLD);
    expect(whyUnknown('domain == "example"', {}, 0)).toBe(FACT_NOT_TOLD);
  });
});
