import { isObject, parseObject } from '../base/json.ts';
import type { FunctionCall } from '../model.ts';

export const functionName = 'nginx-upstreams';
export const viewIds = ['peers', 'incidents', 'findings'] as const;
export type ViewId = (typeof viewIds)[number];

/** What a call asks for, or why it cannot be answered. */
export type FunctionRequest =
  | { readonly is: 'info' }
  | { readonly is: 'view'; readonly view: ViewId }
  | { readonly is: 'refused'; readonly status: number; readonly message: string };

const refused = (status: number, message: string): FunctionRequest => ({ is: 'refused', status, message });

const isView = (text: unknown): text is ViewId => viewIds.some((id) => id === text);

/**
 * `nginx-upstreams info after:1 before:2`, `nginx-upstreams view:incidents`, or a body
 * `{"selections":{"view":["incidents"]}}`; what else stands there is for other functions, and ignored.
 */
export function readFunctionRequest({ text, payload }: Pick<FunctionCall, 'text' | 'payload'>): FunctionRequest {
  const [name, ...words] = text.split(' ').filter((word) => word !== '');
  if (name !== functionName) return refused(404, 'This plugin has no such function.');
  if (words.includes('info')) return { is: 'info' };
  const named = payload === null ? null : viewOfBody(payload);
  if (named === unreadable) return refused(400, 'The body of the request is not the JSON that Netdata sends.');
  const view = named ?? words.find((word) => word.startsWith('view:'))?.slice('view:'.length) ?? 'peers';
  return isView(view) ? { is: 'view', view } : refused(400, `There is no such view. Views: ${viewIds.join(', ')}.`);
}

const unreadable = Symbol('unreadable');

/** null: the body names none. */
function viewOfBody(payload: string): unknown {
  if (payload.trim() === '') return null;
  const body = parseObject(payload);
  if (body === null) return unreadable;
  const selections = body['selections'] ?? {};
  if (!isObject(selections)) return unreadable;
  const { view } = selections;
  const [first] = Array.isArray(view) ? view : [view];
  return first ?? null;
}
