import { expect, test } from 'vitest';
import { parseNginxTitle, parseOpenFilesLimit, parseProcStatus } from '../../../collector/parse/proc/pid.ts';

const status = `Name:	nginx
Umask:	0022
State:	S (sleeping)
Tgid:	4711
Pid:	4711
PPid:	4700
TracerPid:	0
Uid:	33	33	33	33
Gid:	33	33	33	33
FDSize:	64
NStgid:	4711	31	7
NSpid:	4711	31	7
voluntary_ctxt_switches:	82
nonvoluntary_ctxt_switches:	1
`;

test('status: parent, owner, the pid inside its container, switches', () => {
  expect(parseProcStatus(status)).toEqual({ parent: 4700, uid: 33, innerPid: 7, voluntarySwitches: 82 });
});

test('status: outside a container, or on a kernel without NSpid, the pid itself', () => {
  expect(parseProcStatus(status.replace(/NSpid:.*/, 'NSpid:\t4711')).innerPid).toBe(4711);
  expect(parseProcStatus(status.replace(/NSpid:.*\n/, '')).innerPid).toBe(4711);
});

test('status: a command that calls itself a field is not one', () => {
  expect(parseProcStatus(status.replace('Name:	nginx', 'Name:	PPid:	1')).parent).toBe(4700);
});

test.each(['', 'PPid:', '\nPPid:\tx\nUid:\n', '\0\0', 'Name:\tnginx'])('status: %j is all null', (text) => {
  expect(parseProcStatus(text)).toEqual({ parent: null, uid: null, innerPid: null, voluntarySwitches: null });
});

const limits = `Limit                     Soft Limit           Hard Limit           Units     
Max processes             15071                15071                processes 
Max open files            24                   4096                 files     
Max locked memory         8388608              8388608              bytes     
`;

test.each([
  ['the soft limit', limits, 24],
  ['unlimited', limits.replace('24  ', 'unlimited  '), Number.POSITIVE_INFINITY],
  ['nothing', '', null],
  ['another table', limits.replace('open files', 'pending signals'), null],
  ['no number', limits.replace('24  ', 'many  '), null],
])('limits: %s', (_name, text, expected) => {
  expect(parseOpenFilesLimit(text)).toBe(expected);
});

const other = { role: 'other', shuttingDown: false, args: '' };
const worker = { role: 'worker', shuttingDown: false, args: '' };

test.each([
  [
    'a padded master',
    'nginx: master process nginx -p /x -c /y\0\0\0',
    { role: 'master', shuttingDown: false, args: 'nginx -p /x -c /y' },
  ],
  [
    'a master in a container',
    'nginx: master process nginx -g daemon off;\0',
    { role: 'master', shuttingDown: false, args: 'nginx -g daemon off;' },
  ],
  ['a worker', 'nginx: worker process\0\0\0\0', worker],
  ['a worker padded with blanks', 'nginx: worker process       ', worker],
  ['an old worker', 'nginx: worker process is shutting down\0', { ...worker, shuttingDown: true }],
  [
    'a master of Angie 1.12.1',
    'angie: master process v1.12.1 #1 [/usr/sbin/angie -c /etc/angie/angie.conf]\0',
    { role: 'master', shuttingDown: false, args: '/usr/sbin/angie -c /etc/angie/angie.conf' },
  ],
  [
    'an Angie master after reloads, with brackets in its own arguments',
    'angie: master process v1.8.0-P1 #12 [angie -g user [x];]\0\0',
    { role: 'master', shuttingDown: false, args: 'angie -g user [x];' },
  ],
  [
    'an Angie master with a generation only',
    'angie: master process #3 [angie]\0',
    { role: 'master', shuttingDown: false, args: 'angie' },
  ],
  [
    'an nginx whose path looks a little like that',
    'nginx: master process v1/nginx #1 [x\0',
    { role: 'master', shuttingDown: false, args: 'v1/nginx #1 [x' },
  ],
  ['an Angie worker', 'angie: worker process #1\0', worker],
  ['an old Angie worker', 'angie: worker process is shutting down #1\0', { ...worker, shuttingDown: true }],
  ['a cache manager', 'nginx: cache manager process\0', other],
  ['a cache loader', 'nginx: cache loader process\0', other],
  ["openresty's privileged agent", 'nginx: privileged agent process\0', other],
  ['nginx before it has a title', 'nginx\0-g\0daemon off;\0', null],
  ['an editor with such a file open', 'vim\0nginx: worker process\0', null],
  ['grep', 'grep\0nginx: master process\0', null],
  ['a worker of something else', 'nginx: worker processor\0', null],
  ['nothing', '', null],
])('title: %s', (_name, cmdline, expected) => {
  expect(parseNginxTitle(cmdline)).toEqual(expected);
});
