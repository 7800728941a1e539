import { OutputTail } from './output-tail.js';

describe('the tail of an output', () => {
  it('keeps the end, masked before it is cut', () => {
    const tail = new OutputTail();
    tail.push(Buffer.from('begin hunter2'));
    tail.push(Buffer.from(' end\n'));
    expect(tail.text(1000, ['hunter2'])).toBe('begin ******** end');
    expect(tail.text(6, ['hunter2'])).toBe('** end');
  });
  it('is a secret when what is kept begins in the middle of one', () => {
    const tail = new OutputTail();
    tail.push(Buffer.from('hunter2 end'));
    expect(tail.captured(7, ['hunter2'])).toEqual({ text: 'er2 end', secret: true });
    expect(tail.captured(4, ['other'])).toEqual({ text: ' end', secret: false });
  });
  it('is bounded and never shows the end of a secret whose beginning was dropped', () => {
    const secret = Array.from({ length: 700 }, (_, index) => `S${index}`).join('');
    const tail = new OutputTail();
    for (let i = 0; i < 300; i++) tail.push(Buffer.from(secret));
    tail.push(Buffer.from('done'));
    expect(tail.text(1_000_000, [secret])).not.toContain('S');
    expect(tail.text(4, [secret])).toBe('done');
  });
});
