/**
 * Which systemd unit is meant to serve a port or a socket, by files that everybody may read: socket units, command lines
 * in services, php-fpm's pools. For what does not run, and so has no process to ask.
 */
import type { UnitFact } from '../impact/traffic.ts';
import { fpmValues } from './fpm-pools.ts';
import { type HostFiles, namesIn, textAt } from './host-files.ts';
import { environmentOf, maskOf, settingsOf, type UnitFile, unitFiles } from './unit-files.ts';

/** What nginx asks for. */
export type AskedPlace = { readonly port: number } | { readonly path: string };

/** nginx asks; a container's runtime holds ports for others. */
const never = /^(?:nginx|openresty|angie|docker|containerd|podman)\b/;

/** Of a unit that is known: it was masked since, and cannot be started; null for one that can. */
export function maskedUnit(unit: string, files: HostFiles): UnitFact | null {
  const file = maskOf(unit, files);
  return file === null ? null : { unit, socket: null, isMasked: true, file };
}

/** The same folder by two names. */
const withRun = (text: string): string => text.replaceAll('/var/run/', '/run/');

function namesPlace(text: string, wanted: AskedPlace): boolean {
  if ('port' in wanted) return new RegExp(`(?<![\\d.])${wanted.port}(?![\\d.])`).test(text);
  const [path, all] = [withRun(wanted.path), withRun(text)];
  for (let at = all.indexOf(path); at >= 0; at = all.indexOf(path, at + 1)) {
    if (!/[\w.-]/.test(all[at + path.length] ?? '')) return true;
  }
  return false;
}

function socketUnit(all: readonly UnitFile[], wanted: AskedPlace, files: HostFiles): UnitFact | null {
  for (const { name, path, isMasked: cannotListen, text } of all) {
    if (!name.endsWith('.socket')) continue;
    const own = text();
    const listens = [...settingsOf(own, 'ListenStream'), ...settingsOf(own, 'ListenDatagram')];
    if (!listens.some((place) => namesPlace(place, wanted))) continue;
    // With Accept=yes a service is started per connection: only the socket unit can be started.
    const isForEach = /^(?:yes|true|on|1)$/i.test(settingsOf(own, 'Accept').at(-1) ?? '');
    if (isForEach || cannotListen) return { unit: name, socket: null, isMasked: cannotListen, file: path };
    const service = settingsOf(own, 'Service').at(-1) ?? name.replace(/\.socket$/, '.service');
    return { unit: service, socket: name, isMasked: maskOf(service, files) !== null, file: path };
  }
  return null;
}

/** `listen =` of php-fpm's pools; the unit by Debian's and by Red Hat's names. */
function fpmUnit(wanted: AskedPlace, files: HostFiles): UnitFact | null {
  const versions = namesIn('/etc/php', files).filter((name) => /^\d+\.\d+$/.test(name));
  const pools = [
    ...versions.map((version) => [`/etc/php/${version}/fpm/pool.d`, `php${version}-fpm.service`] as const),
    ['/etc/php-fpm.d', 'php-fpm.service'] as const,
  ];
  for (const [folder, unit] of pools) {
    for (const name of namesIn(folder, files)) {
      const path = `${folder}/${name}`;
      const listens = fpmValues(textAt(path, files), 'listen');
      if (!listens.some((place) => namesPlace(place, wanted))) continue;
      return { unit, socket: null, isMasked: maskOf(unit, files) !== null, file: path };
    }
  }
  return null;
}

/** The only php-fpm there is: where nginx asks by FastCGI, it is meant whatever it listens on. */
function onlyFpm(all: readonly UnitFile[]): UnitFact | null {
  const [only, another] = all.filter(({ name }) => /^php[\d.]*-fpm\.service$/.test(name));
  return only === undefined || another !== undefined ? null : factOf(only);
}

function factOf({ name, path, isMasked: cannotStart }: UnitFile): UnitFact {
  return { unit: name, socket: null, isMasked: cannotStart, file: path };
}

function serviceUnit(all: readonly UnitFile[], wanted: AskedPlace, files: HostFiles): UnitFact | null {
  const found = all.filter(({ name, text }) => {
    if (!name.endsWith('.service') || never.test(name)) return false;
    const own = text();
    const lines = [...settingsOf(own, 'ExecStart'), ...environmentOf(own, files)];
    return lines.some((line) => namesPlace(line, wanted));
  });
  const [only, another] = found;
  return only === undefined || another !== undefined ? null : factOf(only);
}

/**
 * null where no file says, or several do.
 *
 * @param all the unit files of the host, where several places are asked for
 */
export function unitFor(
  wanted: AskedPlace,
  isFastcgi: boolean,
  files: HostFiles,
  all: readonly UnitFile[] = unitFiles(files),
): UnitFact | null {
  if (all.length === 0) return null;
  return (
    socketUnit(all, wanted, files) ??
    fpmUnit(wanted, files) ??
    serviceUnit(all, wanted, files) ??
    (isFastcgi ? onlyFpm(all) : null)
  );
}
