import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from '../support/temp.ts';

export interface HostTree {
  /** What NETDATA_HOST_PREFIX is for it. */
  readonly prefix: string;
  /** Writes files; a text that begins with `-> ` is a symbolic link, null removes. */
  write(files: Readonly<Record<string, string | null>>): void;
  /** Puts an nginx master with its workers into /proc; workers are pid → start time in clock ticks. */
  nginx(master: FakeMaster): void;
}

export interface FakeMaster {
  readonly pid: number;
  readonly title: string;
  readonly workers: Readonly<Record<number, number>>;
  readonly uid?: number;
  /** As `uid` when not said: root's processes have root's group. */
  readonly gid?: number;
  readonly mountinfo?: string;
  readonly cgroup?: string;
  readonly parent?: number;
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export const hostMounts = '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:2 / /srv/data rw - ext4 /dev/sda2 rw\n';

const four = (id: number): string => [id, id, id, id].join('\t');

function process(pid: number, parent: number, { uid, gid }: Ids, title: string, start: number): Record<string, string> {
  return {
    [`/proc/${pid}/cmdline`]: `${title}\0`,
    [`/proc/${pid}/status`]: `Name:\tnginx\nPid:\t${pid}\nPPid:\t${parent}\nUid:\t${four(uid)}\nGid:\t${four(gid)}\n`,
    [`/proc/${pid}/stat`]: `${pid} (nginx: (x) y) S ${parent} ${'0 '.repeat(17)}${start} 0 0\n`,
  };
}

/** A host's files in our own folder. */
export function hostTree(files: Readonly<Record<string, string>> = {}): HostTree {
  const prefix = tempDir('host');
  const write: HostTree['write'] = (more) => {
    for (const [path, text] of Object.entries(more)) {
      const at = join(prefix, path);
      rmSync(at, { recursive: true, force: true });
      if (text === null) continue;
      mkdirSync(dirname(at), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), at);
      else writeFileSync(at, text);
    }
  };
  write({ '/proc/1/mountinfo': hostMounts, ...files });
  return {
    prefix,
    write,
    nginx({
      pid,
      title,
      workers,
      uid = 0,
      gid = uid,
      parent = 1,
      mountinfo = hostMounts,
      cgroup = '0::/system.slice/nginx.service',
    }) {
      write({
        ...process(pid, parent, { uid, gid }, title, 1),
        [`/proc/${pid}/mountinfo`]: mountinfo,
        [`/proc/${pid}/cgroup`]: cgroup,
        [`/proc/${pid}/task/${pid}/children`]: Object.keys(workers).join(' '),
      });
      for (const [worker, start] of Object.entries(workers)) {
        write(process(Number(worker), pid, { uid: 33, gid: 33 }, 'nginx: worker process', start));
      }
    },
  };
}
