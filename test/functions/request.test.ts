import { describe, expect, test } from 'vitest';
import { readFunctionRequest } from '../../collector/functions/request.ts';

const ask = (text: string, payload: string | null = null) => readFunctionRequest({ text, payload });
const view = (id: string) => ({ is: 'view', view: id });

describe('a call asks for', () => {
  test.each([
    ['peers, without a word', 'nginx-upstreams', null, view('peers')],
    ['a view', 'nginx-upstreams view:incidents', null, view('incidents')],
    ['a view, among words for others', 'nginx-upstreams after:-60 view:findings before:0', null, view('findings')],
    ['how to ask', 'nginx-upstreams info after:1 before:2', null, { is: 'info' }],
    ['how to ask, with a body', 'nginx-upstreams info', '{}', { is: 'info' }],
    [
      'a view in a body',
      'nginx-upstreams',
      '{"query":"*","selections":{"view":["incidents"]},"after":-60}',
      view('incidents'),
    ],
    ['a view in a body, not in a list', 'nginx-upstreams', '{"selections":{"view":"findings"}}', view('findings')],
    ['the default, with a body that names none', 'nginx-upstreams', '{"selections":{},"after":1}', view('peers')],
    ['the default, with an empty body', 'nginx-upstreams', ' \n', view('peers')],
    ['a view in its words, with a body that names none', 'nginx-upstreams view:incidents', '{}', view('incidents')],
  ])('%s', (_, text, payload, request) => {
    expect(ask(text, payload)).toEqual(request);
  });

  test.each([
    ['another function', 'processes', null, 404],
    ['a view that does not exist', 'nginx-upstreams view:secrets', null, 400],
    ['a view that every object has', 'nginx-upstreams view:constructor', null, 400],
    ['a view of another type', 'nginx-upstreams', '{"selections":{"view":[{"a":1}]}}', 400],
    ['a body that is no JSON', 'nginx-upstreams', 'view=peers', 400],
    ['a body that is cut', 'nginx-upstreams', '{"selections":{"view"', 400],
    ['a body that is a list', 'nginx-upstreams', '[]', 400],
    ['selections that are a list', 'nginx-upstreams', '{"selections":["view"]}', 400],
  ])('%s: refused', (_, text, payload, status) => {
    expect(ask(text, payload)).toMatchObject({ is: 'refused', status });
  });
});
