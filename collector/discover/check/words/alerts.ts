/** The sentences about Netdata's alert files. */
import { type FindingWording, notice, warning } from './parts.ts';

type AlertCode = 'alerts_missing' | 'alerts_outdated' | 'alerts_of_other_netdata' | 'alerts_changed';

const again = 'In the folder of the release or the clone, as root:\n    ./install.sh';
const isKept = 'A file that you changed is kept, and the new one is put beside it as .new.';

export const alertWordings: Readonly<Record<AlertCode, FindingWording>> = {
  alerts_missing: (path) =>
    warning(`${path} does not exist`, 'Netdata does not have the alerts in it, so nobody is notified.', again),
  alerts_outdated: (path, { unknown = '' }) =>
    warning(
      `${path} is of another version of nginx-upstream (it reads ${unknown})`,
      'Its alerts read variables that this plugin does not send, so they stay quiet.',
      `${again}\n${isKept}`,
    ),
  alerts_of_other_netdata: (path, { version = '' }) =>
    warning(
      `${path} is not written for Netdata ${version}`,
      'Notifications show the names of labels instead of the peer and the cause.',
      `${again}\n${isKept}`,
    ),
  alerts_changed: (path) =>
    notice(
      `${path} was changed here, and this version of nginx-upstream has a newer one`,
      'Netdata uses your file, without the changes of the new version.',
      `diff ${path} ${path}.new    # take over what you need, then: netdatacli reload-health`,
    ),
};
