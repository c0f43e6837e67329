import { describe, expect, it } from 'vitest';
import { createJournal } from '../../collector/source/journal.ts';
import type { ChildHandlers, StartChild } from '../../collector/system/process/child.ts';
import { startChild } from '../../collector/system/process/child.ts';
import { waitUntil } from '../support/wait.ts';
import { testAccounts } from './tail-kit.ts';

/** A journalctl that does what the test says. */
function follow(cursor: string | null = null, start?: StartChild) {
  const runs: { args: readonly string[]; handlers: ChildHandlers }[] = [];
  const calls: string[] = [];
  let text = '';
  let position = cursor;
  let time = 1_000_000;
  const fake: StartChild = (_program, args, handlers) => {
    runs.push({ args, handlers });
    return {
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      stop: () => calls.push('stop'),
    };
  };
  const source = createJournal({
    match: 'nginx',
    startChild: start ?? fake,
    accounts: testAccounts,
    now: () => time,
    openSink: () => ({
      chunk: (bytes) => {
        text += bytes.toString();
      },
      cut: () => {
        text += '|';
      },
    }),
    cursor: () => position,
  });
  const poll = () => {
    time += 1000;
    return source.poll();
  };
  const last = () => runs.at(-1);
  return {
    source,
    poll,
    runs,
    calls,
    text: () => text,
    move: (to: string) => {
      position = to;
    },
    say: (line: string) => last()?.handlers.onOutput(Buffer.from(line)),
    complain: (line: string) => last()?.handlers.onErrorOutput(line),
    end: (reason: string) => last()?.handlers.onEnd(reason),
  };
}

describe('the journal', () => {
  it('follows from now on at the first start, and from the cursor at the next', () => {
    const first = follow();
    first.poll();
    expect(first.runs[0]?.args.join(' ')).toBe(
      '-f -o json --all --no-tail --since=now SYSLOG_IDENTIFIER=nginx + _SYSTEMD_UNIT=nginx.service + _COMM=nginx + CONTAINER_NAME=nginx',
    );
    const next = follow('s=1;i=2');
    next.poll();
    expect(next.runs[0]?.args).toContain('--after-cursor=s=1;i=2');
    expect(next.source.mark?.()).toBe('s=1;i=2');
  });

  it('hands on what has come with the next poll', () => {
    const journal = follow();
    journal.poll();
    journal.say('{"MESSAGE":"a"}\n');
    expect(journal.text()).toBe('');
    expect(journal.poll()).toEqual({ problem: null, behindBytes: 0, events: [], lost: 0, bytes: 16 });
    expect(journal.text()).toBe('{"MESSAGE":"a"}\n');
  });

  it('ended: said, started again from the cursor, half an entry is dropped', () => {
    const journal = follow();
    journal.poll();
    journal.say('{"MESS');
    journal.move('s=7');
    journal.complain('Failed to get journal fd\n');
    journal.end('exit 1');
    expect(journal.poll().problem).toEqual({
      code: 'ended',
      text: 'journal:nginx: journalctl ended (exit 1): Failed to get journal fd; it is started again',
    });
    for (let n = 0; n < 9; n += 1) journal.poll();
    expect(journal.runs).toHaveLength(2);
    expect(journal.runs[1]?.args).toContain('--after-cursor=s=7');
    expect(journal.text()).toBe('{"MESS|');
    expect(journal.poll().problem).toBeNull();
  });

  it('no right to read it: the group is named, although journalctl continues', () => {
    const journal = follow();
    journal.poll();
    journal.complain('Hint: You are currently not seeing messages from other users and the system.\n');
    expect(journal.poll().problem).toEqual({
      code: 'unreadable',
      text: 'user netdata may not read the journal: usermod -aG systemd-journal netdata, then restart Netdata',
    });
  });

  it('T30 a full queue stops reading until the next poll', () => {
    const journal = follow();
    journal.poll();
    for (let n = 0; n < 50; n += 1) journal.say('x'.repeat(100_000));
    expect(journal.calls).toEqual(['pause']);
    journal.poll();
    expect(journal.calls).toEqual(['pause', 'resume']);
    journal.source.close();
    expect(journal.calls.at(-1)).toBe('stop');
  });

  it('no journalctl on this machine', async () => {
    const journal = follow(null, (_program, args, handlers) => startChild('/nonexistent/journalctl', args, handlers));
    journal.poll();
    await waitUntil(() => journal.poll().problem?.code === 'no_journalctl', { what: 'the explanation' });
  });

  it('a program that is really run: its output and its end', async () => {
    const seen: string[] = [];
    startChild(process.execPath, ['-e', 'console.log(1); console.error(2); process.exitCode = 3'], {
      onOutput: (bytes) => seen.push(`out ${bytes}`),
      onErrorOutput: (text) => seen.push(`err ${text}`),
      onEnd: (reason) => seen.push(reason),
    });
    await waitUntil(() => seen.includes('exit 3'), { what: 'its end' });
    expect(seen.sort()).toEqual(['err 2\n', 'exit 3', 'out 1\n']);
  });
});
