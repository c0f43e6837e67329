import { PassThrough, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { listenToNetdata } from '../../collector/netdata/commands.ts';
import { createWriter } from '../../collector/netdata/writer.ts';

describe('leaving at once when asked', () => {
  test.each([
    ['QUIT without a newline, as 2.x writes it', ['QUIT'], false],
    ['QUIT with a newline', ['QUIT\n'], false],
    ['QUIT in two pieces', ['QU', 'IT\n'], false],
    ['QUIT behind a function call', ['FUNCTION x 1 "y"\nQUIT\n'], false],
    ['QUIT behind half a function call', ['FUNCTION_PAYLOAD ab 1 "y" "0x8" ""\n{\nQUIT'], true],
    ['the end of the stream', [], true],
  ])('%s', async (_name, chunks, ends) => {
    const stdin = new PassThrough();
    const quit = vi.fn();
    listenToNetdata(stdin, true, quit);
    for (const chunk of chunks) stdin.write(chunk);
    if (ends) stdin.end();
    await vi.waitFor(() => expect(quit).toHaveBeenCalled());
  });

  test.each([
    ['a function call', 'FUNCTION x 1 "QUIT"\n'],
    ['a word that begins so', 'QUITE\n'],
    ['a line in the body of a call', 'FUNCTION_PAYLOAD ab 1 "y" "0x8" ""\nQUIT\n'],
    [
      'a line that a body has forged',
      'FUNCTION_PAYLOAD ab 1 "y" "0x8" ""\n\nFUNCTION_PAYLOAD_END\nQUIT\n\nFUNCTION_PAYLOAD_END\n',
    ],
    ['an endless line', 'x'.repeat(100_000)],
  ])('%s is no reason to leave', async (_name, text) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stdin = new PassThrough();
    const quit = vi.fn();
    listenToNetdata(stdin, true, quit);
    await new Promise<void>((resolve) => stdin.write(text, () => resolve()));
    vi.runAllTimers();
    expect(quit).not.toHaveBeenCalled();
  });

  test('the end of a stdin that is no pipe says nothing', async () => {
    const stdin = new PassThrough();
    const quit = vi.fn();
    listenToNetdata(stdin, false, quit);
    stdin.end();
    stdin.resume();
    await new Promise((resolve) => stdin.once('close', resolve));
    expect(quit).not.toHaveBeenCalled();
  });
});

describe('writing while Netdata does not read', () => {
  test('is not ready until what was written has been taken', async () => {
    let release = () => {};
    const slow = new Writable({
      highWaterMark: 10,
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    const writer = createWriter(slow, () => {});
    expect(writer.ready()).toBe(true);
    writer.write('more than ten bytes\n');
    expect(writer.ready()).toBe(false);
    release();
    await vi.waitFor(() => expect(writer.ready()).toBe(true));
  });

  test('what is small enough to be queued counts as sent only when it has been taken, too', async () => {
    let release = () => {};
    const slow = new Writable({
      highWaterMark: 1_000_000,
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    const writer = createWriter(slow, () => {});
    const told = vi.fn();
    writer.write('a tick\n', told);
    await new Promise((resolve) => setImmediate(resolve));
    expect([writer.ready(), told.mock.calls.length]).toEqual([false, 0]);
    release();
    await vi.waitFor(() => expect(told).toHaveBeenCalledOnce());
    expect(writer.ready()).toBe(true);
  });

  test('what a pipe had room for counts as sent at once, before what else is due; and once', async () => {
    const roomy = new Writable({ write: (_chunk, _encoding, done) => done() });
    const writer = createWriter(roomy, () => {});
    const told = vi.fn();
    const drained = vi.fn();
    writer.onDrain(drained);
    const diagnosis = Promise.resolve().then(() => told.mock.calls.length);
    writer.write('a tick\n', told);
    expect(await diagnosis).toBe(1);
    await vi.waitFor(() => expect(drained).toHaveBeenCalledOnce());
    expect([writer.ready(), told.mock.calls.length]).toEqual([true, 1]);
  });

  test.each([
    ['refused', (stream: Writable) => stream],
    ['written to what was closed before', (stream: Writable) => stream.destroy()],
    ['written behind the end', (stream: Writable) => stream.end()],
  ])('what is never taken is never sent: %s', async (_name, prepare) => {
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
      },
    });
    const told = vi.fn();
    createWriter(prepare(broken), () => {}).write('a tick\n', told);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).not.toHaveBeenCalled();
  });

  test('a reader that is gone ends it, once', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const gone = vi.fn();
    const writer = createWriter(broken, gone);
    writer.write('x');
    await vi.waitFor(() => expect(gone).toHaveBeenCalledTimes(1));
    expect(writer.ready()).toBe(false);
  });
});
