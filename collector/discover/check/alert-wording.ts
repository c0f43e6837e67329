/** The sentences about Netdata's alert files. */
import { type FindingWording, notice, warning } from './words.ts';

type AlertCode = 'alerts_missing' | 'alerts_outdated' | 'alerts_of_other_netdata' | 'alerts_changed';

const again = 'In the folder of the release or the clone, as root:\n    ./install.sh';
const isKept = 'A file that you changed is kept, and the new one is put beside it as .new.';

export const alertWordings: Readonly<Record<AlertCode, FindingWording>> = {
  alerts_missing: (path) =>
    warning(`${path} does not exist`, 'Netdata has none of the alerts in it: nobody is notified.', again),
  alerts_outdated: (path, { unknown = '' }) =>
    warning(
      `${path} is of another version of nginx-upstream (it reads ${unknown})`,
      'Its alerts read what this plugin does not hand over, and stay quiet.',
      `${again}\n${isKept}`,
    ),
  alerts_of_other_netdata: (path, { version = '' }) =>
    warning(
      `${path} is written for another version of Netdata than ${version}`,
      'Its texts show the names of labels, not the peer and the cause.',
      `${again}\n${isKept}`,
    ),
  alerts_changed: (path) =>
    notice(
      `${path} was changed here, and this version of nginx-upstream brings another`,
      'Netdata reads yours. What has been improved since is not in it.',
      `diff ${path} ${path}.new    # take over what you need, then: netdatacli reload-health`,
    ),
};
