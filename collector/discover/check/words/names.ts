/** The sentences about names of servers that do not lead where nginx wants to go. */

import { error, type FindingWording, notice, warning } from './parts.ts';
import { reload, replaceLine } from './remedies.ts';

type NameCode = 'names_not_asked' | 'name_unresolved' | 'name_not_from_here' | 'name_moved' | 'localhost_two_addresses';

export const nameWordings: Readonly<Record<NameCode, FindingWording>> = {
  names_not_asked: (conf, { text = '' }) =>
    warning(
      `${conf}: ${text}`,
      'It is not known whether these names resolve. Failures of their peers count by port, or under the peer itself.',
      'getent hosts NAME    # if it is slow, correct /etc/resolv.conf; beyond the limit, write addresses',
    ),
  name_unresolved: (name, { upstream }, at) =>
    error(
      `${name} in upstream ${upstream} (${at}) does not resolve`,
      'nginx keeps the addresses it has, and will not start or reload.',
      `getent hosts ${name}    # correct DNS or /etc/hosts, or write addresses at ${at}`,
    ),
  name_not_from_here: (name, { upstream, where, port }, at) =>
    notice(
      `${name} in upstream ${upstream} (${at}) cannot be resolved from here`,
      where === ''
        ? 'nginx follows this name itself and starts without it. Until it has an address, requests to it fail.'
        : `nginx runs in container ${where} and may know the name. Failures of a peer on port ${port} count for this upstream.`,
      where === ''
        ? `getent hosts ${name}    # no address: correct DNS; nginx takes the answer without a reload`
        : 'Nothing to do if requests succeed. Run as root, check also reads the /etc/hosts of that container.',
    ),
  name_moved: (name, { old, now }, at) =>
    warning(
      `${name} (${at}) resolves to ${now}; nginx still uses ${old}`,
      'nginx resolves a name once, when it loads, and keeps that address.',
      `${reload}\nor let nginx follow it: a resolver, and resolve on the server line (1.27.3 and newer)`,
    ),
  localhost_two_addresses: (name, { line, upstream }, at) =>
    warning(
      `${name} in upstream ${upstream} (${at}) is both ::1 and 127.0.0.1`,
      'For nginx these are two peers. If the application listens on one of them, every other request fails first.',
      `Write the address that it listens on. ${replaceLine(at, line)}`,
    ),
};
