import { expect, test } from 'vitest';
import { readDump } from '../../collector/nginx/syntax/dump.ts';

test('a dump with the line ends of a terminal, `docker exec -t`, reads as one without', () => {
  const dump = [
    '# configuration file /etc/nginx/nginx.conf:',
    'http {',
    "  log_format x '$status';",
    '}',
    '# configuration file /etc/nginx/a.conf:',
    'server { }',
    '',
  ];
  const [plain, fromTerminal] = [readDump(dump.join('\n')), readDump(dump.join('\r\n'))];
  expect(fromTerminal.main).toBe('/etc/nginx/nginx.conf');
  for (const path of ['/etc/nginx/nginx.conf', '/etc/nginx/a.conf']) {
    expect(fromTerminal.files.readFile(path)).toEqual(plain.files.readFile(path));
  }
});
