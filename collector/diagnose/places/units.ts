/**
 * Which systemd unit is meant to serve a port or a socket, by files that everybody may read: socket units, command lines
 * in services, php-fpm's pools. For what does not run, and so has no process to ask.
 */
import { attempt } from '../../system/fs.ts';
import { readText } from '../../system/small-file.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import type { UnitFact } from '../impact/traffic.ts';

/** What nginx asks for. */
export type AskedPlace = { readonly port: number } | { readonly path: string };

/** Earlier ones hide later ones (systemd.unit(5)). */
const folders = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
] as const;
const mostUnits = 2000;
const mostBytes = 65_536;
/** nginx asks; a container's runtime holds ports for others. */
const never = /^(?:nginx|openresty|angie|docker|containerd|podman)\b/;

type Files = Pick<DiagnosePorts, 'fs' | 'procRoot'>;

/** On the host, behind its prefix. */
function onHost(path: string, { procRoot }: Files): string {
  return procRoot.replace(/\/proc$/, '') + path;
}

function namesIn(folder: string, { fs, procRoot }: Files): readonly string[] {
  const names = attempt(() => fs.readdir(onHost(folder, { fs, procRoot })));
  return names.ok ? names.value : [];
}

function textOf(path: string, files: Files): string {
  const text = readText(files.fs, onHost(path, files), mostBytes);
  return text.ok ? text.value : '';
}

/** Every unit file once, by the folder that counts. */
function unitFiles(files: Files): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const name of namesIn(folder, files)) {
      if (!/\.(?:socket|service)$/.test(name) || found.has(name) || found.size >= mostUnits) continue;
      found.set(name, `${folder}/${name}`);
    }
  }
  return found;
}

function isMasked(path: string, files: Files): boolean {
  const link = attempt(() => files.fs.readlink(onHost(path, files)));
  return link.ok && link.value === '/dev/null';
}

/** Of a unit that is known: it was masked since, and cannot be started; null for one that can. */
export function maskedUnit(unit: string, files: Files): UnitFact | null {
  const paths = folders.slice(0, 2).map((folder) => `${folder}/${unit}`);
  const file = paths.find((path) => isMasked(path, files));
  return file === undefined ? null : { unit, socket: null, isMasked: true, file };
}

function namesPort(text: string, wanted: AskedPlace): boolean {
  if ('path' in wanted) return text.includes(wanted.path);
  return new RegExp(`(?<![\\d.])${wanted.port}(?![\\d.])`).test(text);
}

function linesOf(text: string, keys: RegExp): readonly string[] {
  return text.split('\n').filter((line) => keys.test(line));
}

function socketUnit(all: ReadonlyMap<string, string>, wanted: AskedPlace, files: Files): UnitFact | null {
  for (const [name, path] of all) {
    if (!name.endsWith('.socket')) continue;
    const text = textOf(path, files);
    if (!linesOf(text, /^Listen(?:Stream|Datagram)=/).some((line) => namesPort(line, wanted))) continue;
    const service = /^Service=(\S+)$/m.exec(text)?.[1] ?? name.replace(/\.socket$/, '.service');
    return { unit: service, socket: name, isMasked: isMasked(all.get(service) ?? '', files), file: path };
  }
  return null;
}

/** `listen =` of php-fpm's pools; the unit by Debian's and by Red Hat's names. */
function fpmUnit(all: ReadonlyMap<string, string>, wanted: AskedPlace, files: Files): UnitFact | null {
  const versions = namesIn('/etc/php', files).filter((name) => /^\d+\.\d+$/.test(name));
  const pools = [
    ...versions.map((version) => [`/etc/php/${version}/fpm/pool.d`, `php${version}-fpm.service`] as const),
    ['/etc/php-fpm.d', 'php-fpm.service'] as const,
  ];
  for (const [folder, unit] of pools) {
    for (const name of namesIn(folder, files)) {
      const path = `${folder}/${name}`;
      const listens = linesOf(textOf(path, files), /^\s*listen\s*=/);
      if (!listens.some((line) => namesPort(line, wanted))) continue;
      return { unit, socket: null, isMasked: isMasked(all.get(unit) ?? '', files), file: path };
    }
  }
  return null;
}

/** The only php-fpm there is: where nginx asks by FastCGI, it is meant whatever it listens on. */
function onlyFpm(all: ReadonlyMap<string, string>, files: Files): UnitFact | null {
  const [only, another] = [...all].filter(([name]) => /^php[\d.]*-fpm\.service$/.test(name));
  if (only === undefined || another !== undefined) return null;
  const [unit, file] = only;
  return { unit, socket: null, isMasked: isMasked(file, files), file };
}

function serviceUnit(all: ReadonlyMap<string, string>, wanted: AskedPlace, files: Files): UnitFact | null {
  const found = [...all].filter(([name, path]) => {
    if (!name.endsWith('.service') || never.test(name)) return false;
    const lines = linesOf(textOf(path, files), /^(?:ExecStart|Environment)=/);
    return lines.some((line) => namesPort(line, wanted));
  });
  const [only, another] = found;
  if (only === undefined || another !== undefined) return null;
  const [unit, file] = only;
  return { unit, socket: null, isMasked: isMasked(file, files), file };
}

/** null where no file says, or several do. */
export function unitFor(wanted: AskedPlace, isFastcgi: boolean, files: Files): UnitFact | null {
  const all = unitFiles(files);
  if (all.size === 0) return null;
  return (
    socketUnit(all, wanted, files) ??
    fpmUnit(all, wanted, files) ??
    serviceUnit(all, wanted, files) ??
    (isFastcgi ? onlyFpm(all, files) : null)
  );
}
