/** Which of nginx's subsystems wrote a line. */
import type { ErrorLine } from '../../../model.ts';
import type { Context } from './context.ts';
import { isSchemed } from './upstream.ts';

const streamActions = /^(?:proxying connection|proxying and|prereading|initializing session|returning text|passing)/;
const mailActions =
  /^(?:reading response from upstream|in (?:http )?auth|proxying$|sending (?!request|response)[\w /]+ to upstream)/;
const httpActions =
  /^(?:sending request to upstream|reading response header|reading upstream|sending to client|proxying upgraded|reading client|waiting for request|keepalive|closing request|logging request|sending response|sending early|processing HTTP)/;
const listenAddress = /^(?:\[[0-9a-f:]+\]|[\d.]+|\*):\d+$/;

/** Null where nothing in the line shows: `SSL handshaking` with a client alone is the same in all three. */
export function protocolOf(action: string | null, context: Context): ErrorLine['protocol'] {
  if (context.request !== null || context.subrequest !== null || context.host !== null) return 'http';
  if (context.mark !== null) return context.mark;
  if (context.upstream !== null && isSchemed(context.upstream.text)) return 'http';
  if (action !== null) {
    if (streamActions.test(action)) return 'stream';
    if (mailActions.test(action)) return 'mail';
    if (httpActions.test(action)) return 'http';
  }
  if (context.upstream?.closed) return 'stream';
  // A request always has a request line: a session that talks to an upstream without one is no http.
  const isSession = action?.startsWith('connecting to upstream') && listenAddress.test(context.server ?? '');
  return isSession ? 'stream' : null;
}
