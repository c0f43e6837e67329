/** What `diagnose` prints of hostile names: nothing that a terminal obeys, nothing that a shell runs. */
import { expect, test } from 'vitest';
import type { Diagnosis } from '../../../collector/commands/diagnose/diagnosis.ts';
import { renderDiagnosis, toJson } from '../../../collector/commands/diagnose/text.ts';
import { json, painter } from '../../../collector/commands/terminal.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import type { NginxRead } from '../../../collector/discover/follow/read-nginx.ts';
import { facts, nowMs, owner, peer, rememberedPeer, server, unix } from '../../diagnose/facts-kit.ts';

const hostile = "\u001b[2J\u009b31m$(reboot)'`id`\n\u202e";

const counts = { requests: 9, errors: new Map([[502, 3]]), hidden: 1, substituted: 1, trouble: null };

function diagnosis(): Diagnosis {
  const one = peer(`unix:/run/${hostile}.sock`, { upstream: hostile, unix: unix({ path: `/run/${hostile}.sock` }) });
  const two = peer('10.0.0.1:8080', {
    upstream: hostile,
    servers: [server(hostile, { file: `/etc/nginx/${hostile}.conf`, name: hostile })],
    remembered: rememberedPeer({
      oomKills: 1,
      owner: { ...owner, user: hostile, command: hostile, unit: hostile, container: null },
    }),
  });
  const three = peer('10.0.0.2:8080', {
    remembered: rememberedPeer({ listeningMs: 1, owner: { ...owner, container: hostile } }),
  });
  const all = facts([one, two, three]);
  const read = {
    found: { confPath: hostile, master: null },
    configuration: { upstreams: [], files: [hostile], problems: [] },
  };
  return {
    job: hostile,
    read: read as unknown as NginxRead,
    logs: { lines: [], read: [hostile], unread: [{ log: hostile, reason: hostile }], sinceMs: null },
    silent: { unread: [{ log: hostile, reason: hostile }], isAll: true },
    strange: 1,
    impact: {
      server: counts,
      upstreams: new Map([[hostile, counts]]),
      tellsUpstreams: true,
      read: [hostile],
    },
    openNames: { wanted: 0, late: 0, beyond: 0 },
    notLoaded: [hostile],
    hushed: [],
    facts: all,
    judged: judge(all, String),
    nowMs,
  };
}

const result = {
  diagnoses: [diagnosis()],
  problem: { path: hostile, text: hostile },
  peer: hostile,
  sinceMs: 1,
  isRoot: false,
  program: hostile,
};

test.each([true, false])('a terminal gets its own sequences only (colour: %s)', (colour) => {
  const lines = renderDiagnosis(result, { paint: painter(colour), width: 80 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own sequences
  const rest = lines.join('\n').replace(/\u001b\[\d{1,2}m/g, colour ? '' : '!');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
  expect(rest).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(rest).not.toContain('!');
});

test('JSON that is printed is as harmless', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
  expect(json(toJson(result))).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test('in commands, names are quoted', () => {
  const text = renderDiagnosis(result, { paint: painter(false), width: null }).join('\n');
  const commands = text.split('\n').filter((line) => /^ {4}(run {8}| {11})/.test(line));
  expect(commands.length).toBeGreaterThan(4);
  for (const line of commands) {
    const outside = line.replaceAll(/'[^']*'|\\'/g, '');
    expect(outside, line).not.toMatch(/\$\(|`/);
  }
});

test('what nginx has not loaded, or would refuse to, stands above what fails', () => {
  const one = diagnosis();
  const problems = [{ code: 'syntax', file: '/etc/nginx/nginx.conf', line: 7, text: 'no semicolon' }];
  const read = {
    found: { confPath: '/etc/nginx/nginx.conf', master: {} },
    configuration: { upstreams: [], files: [], problems },
  };
  const changed = { ...one, read: read as unknown as NginxRead, notLoaded: ['/etc/nginx/nginx.conf'] };
  const text = (diagnoses: readonly Diagnosis[]) =>
    renderDiagnosis({ ...result, diagnoses }, { paint: painter(false), width: null });
  expect(text([changed]).slice(2, 7)).toEqual([
    '/etc/nginx/nginx.conf:7: no semicolon. nginx would refuse to reload: fix it first.',
    '',
    expect.stringMatching(/^\/etc\/nginx\/nginx.conf: changed after nginx loaded it\./),
    '  nginx -t && nginx -s reload',
    '',
  ]);
  expect(text([{ ...changed, facts: null, judged: [] }]).join()).not.toContain('changed after');
});

test('no nginx, and a configuration that is not valid: both are said', () => {
  const problem = { path: '/etc/netdata/nginx-upstream.conf', text: "line 1: unknown key 'job'" };
  const said = (one: typeof problem | null) =>
    renderDiagnosis({ ...result, diagnoses: [], problem: one }, { paint: painter(false), width: null }).join('\n');
  expect(said(problem)).toMatch(/^No nginx is running here, .*\nNote: .*nginx-upstream\.conf is not valid: line 1/);
  expect(said(null)).not.toContain('Note:');
});
