/** One job's exception ends that job's tick, and nothing else. */
import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../charts/dialect.ts';
import { guardJob } from '../../collector/runtime/guarded-job.ts';
import type { Job } from '../../collector/runtime/job.ts';
import type { JobPlan } from '../../collector/runtime/plan/job-plan.ts';
import { parseTestFault } from '../../collector/runtime/test-fault.ts';
import { refusedLine, runtime } from './world.ts';

const plan = { name: 'edge' } as JobPlan;
const context = { nowUs: 0, updateEvery: 1, dialect: dialectOf(undefined) };
const load = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };

type Call = 'start' | 'follow' | 'drain' | 'draw' | 'remember' | 'retire';

/** A job whose calls throw while their name is in `broken`. */
function guarded(...broken: Call[]) {
  const failing = new Set<Call>(broken);
  const calls: string[] = [];
  const said: string[] = [];
  let us = 0;
  let started = 0;
  const make = (): Job => {
    started++;
    const id = started;
    const call = (name: Call) => {
      calls.push(`${name} ${id}`);
      if (failing.has(name)) throw new Error(`no ${name}`);
    };
    call('start');
    return {
      follow: () => call('follow'),
      drain: () => call('drain'),
      draw: () => {
        call('draw');
        return `drawn by ${id}`;
      },
      now: () => null,
      nginx: () => null,
      remember: () => call('remember'),
      retire: () => {
        call('retire');
        return 'bye';
      },
    };
  };
  const say = (text: string) => void said.push(text);
  const log = { info: say, warning: say, error: say };
  const job = guardJob(plan, make, { clock: { monotonicUs: () => us }, log, claims: { forget: () => undefined } });
  const tick = (seconds = 1): string => {
    us += seconds * 1e6;
    job.drain(600);
    const text = job.draw(context, load);
    job.remember();
    return text;
  };
  return { job, failing, calls, said, tick };
}

describe('an exception', () => {
  test.each(['drain', 'draw'] as const)('in %s: a gap, one line with a stack, tried again after 10 s', (name) => {
    const { failing, said, tick, calls } = guarded(name);
    expect(tick()).toBe('');
    const tried = calls.length;
    for (let second = 0; second < 9; second++) expect(tick()).toBe('');
    expect(calls.filter((call) => call !== 'remember 1')).toHaveLength(tried);
    failing.clear();
    expect(tick()).toBe('drawn by 1');
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(
      new RegExp(`^job edge failed and is tried again every 10 s.*Error: no ${name}\\n +at `, 's'),
    );
    expect(said[1]).toBe('job edge works again');
  });

  test('in follow: the plan is kept, and followed when it can be', () => {
    const { job, failing, tick, calls } = guarded('follow');
    expect(tick()).toBe('drawn by 1');
    job.follow(plan);
    expect(tick()).toBe('');
    failing.clear();
    expect(tick(10)).toBe('drawn by 1');
    expect(calls.filter((call) => call === 'follow 1')).toHaveLength(2);
  });

  test('at the start: it is started when it can be', () => {
    const { failing, tick } = guarded('start');
    expect([tick(), tick(20)]).toEqual(['', '']);
    failing.clear();
    expect(tick(20)).toMatch(/^drawn by/);
  });

  test('that comes again: the second time the job is started anew, once', () => {
    const { failing, tick, calls, said } = guarded('drain');
    tick();
    tick(10);
    expect(calls).not.toContain('start 2');
    tick(10);
    expect(calls.filter((call) => call.startsWith('start'))).toEqual(['start 1', 'start 2']);
    failing.clear();
    expect(tick(10)).toBe('drawn by 2');
    expect(said).toHaveLength(2);
  });

  test('in remember or retire: the tick counts, and the end is the end', () => {
    const { job, failing, tick, said } = guarded('remember');
    expect(tick()).toBe('drawn by 1');
    failing.clear();
    failing.add('retire');
    expect(tick(10)).toBe('drawn by 1');
    expect(job.retire()).toBe('');
    expect(said.at(-1)).toContain('could not be ended in order: Error: no retire');
  });

  test('another text is said, the same one is not', () => {
    const { failing, tick, said } = guarded('drain');
    tick();
    tick(10);
    failing.clear();
    failing.add('draw');
    tick(10);
    expect(said.map((text) => /no \w+/.exec(text)?.[0])).toEqual(['no drain', 'no draw']);
  });

  test('while it rests it can still be ended: its sources are closed', () => {
    const { job, tick, calls } = guarded('drain');
    tick();
    expect(job.retire()).toBe('bye');
    expect(calls.at(-1)).toBe('retire 1');
  });
});

describe('two jobs, one with a fault', () => {
  test.each(['drain', 'draw'])(
    '%s throws twice: started anew, it reads again what it read and did not send',
    async (call) => {
      const testFault = parseTestFault(`a ${call} 3 2`);
      const world = runtime({ '/log/a.log': '' }, { ports: { testFault } });
      world.apply('jobs:\n  - name: a\n    error_log: /log/a.log\n');
      await world.until('the job', () => world.jobs().length === 1);
      for (let second = 0; second < 40; second++) {
        world.append('/log/a.log', refusedLine('10.0.0.1:80'));
        await world.tick();
      }
      // A total that began anew: what was drawn before, and what has been since.
      const [before, ...others] = world.totals('a.connect_failures', 'refused');
      expect((before ?? 0) + others.reduce((sum, each) => sum + each, 0)).toBe(40);
    },
  );

  const yaml = ['a', 'b'].map((name) => `  - name: ${name}\n    error_log: /log/${name}.log\n`).join('');
  test.each(['drain', 'draw', 'follow'])(
    '%s throws: the other draws on, and nothing is lost of either',
    async (call) => {
      const testFault = parseTestFault(`a ${call} ${call === 'follow' ? 1 : 3} 1`);
      const world = runtime({ '/log/a.log': '', '/log/b.log': '' }, { ports: { testFault } });
      world.apply(`jobs:\n${yaml}`);
      await world.until('both', () => world.jobs().length === 2);
      if (call === 'follow') world.host.write({ '/etc/nginx/nginx.conf': 'events {}' });
      let sent = 0;
      const gaps: boolean[] = [];
      for (let second = 0; second < 30; second++) {
        for (const name of ['a', 'b']) world.append(`/log/${name}.log`, refusedLine('10.0.0.1:80'));
        sent++;
        await world.tick();
        expect(world.values('b.connect_failures')['refused']).toBe(sent);
        expect(world.updated()).toContain('b.connect_failures');
        gaps.push(!world.updated().includes('a.connect_failures'));
      }
      expect(world.values('a.connect_failures')['refused']).toBe(sent);
      if (call !== 'follow') expect(gaps.filter(Boolean)).toHaveLength(10);
      const faults = world.said.filter((text) => text.includes('test fault'));
      if (call !== 'follow') expect(faults).toEqual([expect.stringMatching(/^error job a failed.*\n +at /s)]);
    },
  );
});
