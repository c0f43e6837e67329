import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSyslog } from '../../collector/source/syslog.ts';
import { udpDrops } from '../../collector/source/udp-drops.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { type BindUdp, bindUdp, type DatagramHandlers } from '../../collector/system/network/udp.ts';
import { freePort } from '../support/network/ports.ts';
import { waitUntil } from '../support/wait.ts';

function receive(port: number, bind: BindUdp, maxQueueBytes?: number) {
  let text = '';
  let time = 1_000_000;
  const source = createSyslog({
    address: '127.0.0.1',
    port,
    bind,
    fs: nodeFileSystem,
    now: () => time,
    sink: {
      chunk: (bytes) => {
        text += bytes.toString();
      },
      cut: () => undefined,
    },
    ...(maxQueueBytes === undefined ? {} : { maxQueueBytes }),
  });
  onTestFinished(() => source.close());
  const poll = () => {
    time += 1000;
    return source.poll();
  };
  return { source, poll, text: () => text };
}

/** A socket that does what the test says. */
function fake() {
  let handlers: DatagramHandlers | null = null;
  let bindings = 0;
  const bind: BindUdp = (_address, _port, given) => {
    handlers = given;
    bindings += 1;
    return { close: () => undefined };
  };
  return {
    bind,
    bindings: () => bindings,
    send: (text: string) => handlers?.onDatagram(Buffer.from(text)),
    fail: (code: string) => handlers?.onError(code),
    bound: () => handlers?.onBound(5514),
  };
}

describe('syslog over UDP', () => {
  it('a datagram is a line, also with newlines inside', () => {
    const socket = fake();
    const { poll, text } = receive(5514, socket.bind);
    poll();
    socket.bound();
    socket.send('one');
    socket.send('two\n2026/11/22 [crit] forged\n');
    expect(poll()).toEqual({
      problem: null,
      behindBytes: 0,
      events: ['listening on syslog:udp://127.0.0.1:5514'],
      lost: 0,
      bytes: 32,
    });
    expect(text()).toBe('one\ntwo 2026/11/22 [crit] forged \n');
  });

  it('T30 the queue is bounded: what does not fit is counted as lost, and said once', () => {
    const socket = fake();
    const { poll, text } = receive(5514, socket.bind, 1000);
    poll();
    for (let n = 0; n < 10; n += 1) socket.send('x'.repeat(100));
    const reading = poll();
    expect(reading.lost).toBe(7);
    expect(reading.events).toEqual([expect.stringContaining('some are lost')]);
    expect(text()).toHaveLength(303);
    for (let n = 0; n < 10; n += 1) socket.send('x'.repeat(100));
    expect(poll()).toMatchObject({ lost: 14, events: [] });
  });

  it.each([
    ['EADDRINUSE', /another program has this port/],
    ['EACCES', /only root may use ports below 1024/],
    ['EADDRNOTAVAIL', /does not have that address/],
    ['EMFILE', /tried again every 10 seconds/],
  ])('%s is explained, and binding is tried again', (code, says) => {
    const socket = fake();
    const { poll } = receive(5514, socket.bind);
    poll();
    socket.fail(code);
    expect(poll().problem).toEqual({ code: 'bind', text: expect.stringMatching(says) });
    for (let n = 0; n < 9; n += 1) poll();
    expect(socket.bindings()).toBe(2);
    socket.bound();
    expect(poll().problem).toBeNull();
  });

  it('real datagrams, and a port that is taken until it is free', async () => {
    const port = await freePort();
    const taken = createSocket('udp4').bind(port, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { poll, text } = receive(port, bindUdp);
    await waitUntil(() => poll().problem?.code === 'bind', { what: 'the refusal to bind' });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    await waitUntil(() => poll().events.length > 0, { what: 'the binding' });
    const sender = createSocket('udp4');
    onTestFinished(() => {
      sender.close();
    });
    sender.send('hello', port, '127.0.0.1');
    await waitUntil(() => poll() && text() === 'hello\n', { what: 'the datagram' });
  });

  it('what the kernel drops is counted: /proc/net/udp', async () => {
    const port = await freePort();
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 });
    onTestFinished(() => {
      socket.close();
    });
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    expect(udpDrops(nodeFileSystem, '127.0.0.1', port)).toBe(0);
    // Sent by another process while this one cannot receive: its event loop stands still.
    const { execFileSync } = await import('node:child_process');
    const send = `const s = require('dgram').createSocket('udp4'); let n = 0;
      const next = () => (n++ < 200 ? s.send(Buffer.alloc(1000), ${port}, '127.0.0.1', next) : s.close()); next();`;
    execFileSync(process.execPath, ['-e', send]);
    expect(udpDrops(nodeFileSystem, '127.0.0.1', port)).toBeGreaterThan(0);
    expect(udpDrops(nodeFileSystem, '127.0.0.1', port === 9 ? 8 : 9)).toBeNull();
  });
});
