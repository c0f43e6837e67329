/**
 * The shapes of configurations that many people run, in short texts written for this test: no false problem, and the upstreams that
 * nginx would know. The real trees were read once beside nginx's own `-t` (docs/decisions/0240).
 */
import { expect, test } from 'vitest';
import { configurationOf } from './memory-files.ts';

type Files = Readonly<Record<string, string>>;

const trees: readonly (readonly [name: string, main: string, others: Files, upstreams: readonly string[]])[] = [
  [
    'nginx-proxy-manager: variables in every host, files by wildcard, a map of resolvers',
    `user root; events { include /data/nginx/custom/events[.]conf; }
     http { include /etc/nginx/conf.d/include/log-proxy[.]conf; resolver 127.0.0.11 valid=10s;
       map $host $forward_scheme { default http; } include /data/nginx/proxy_host/*.conf; include /data/nginx/custom/http[.]conf; }
     stream { include /data/nginx/stream/*.conf; }`,
    {
      '/etc/nginx/conf.d/include/log-proxy.conf': `log_format proxy '[$time_local] $upstream_cache_status $upstream_status $status - "$request"';
        access_log /data/logs/fallback_access.log proxy;`,
      '/etc/nginx/conf.d/include/proxy.conf':
        'proxy_set_header Host $host; proxy_pass $forward_scheme://$server:$port$request_uri;',
      '/data/nginx/proxy_host/1.conf': `server { set $forward_scheme http; set $server "10.0.0.5"; set $port 8080;
        listen 80; listen [::]:80; server_name a.example b.example;
        location ~* ^.*\\.(css|js|jpe?g|gif|svg|ico)$ { include conf.d/include/proxy.conf; access_log off; }
        location / { include conf.d/include/proxy.conf; } }`,
      '/data/nginx/stream/1.conf': 'server { listen 5432; proxy_pass 10.0.0.9:5432; }',
    },
    ['10.0.0.5:8080', '10.0.0.9:5432'],
  ],
  [
    'nginx-proxy: a comment for each container, quoted names, `down` where there is none',
    `events {} http { upstream a.example {
      # Container: web
      #     networks: bridge (reachable)
      server 172.17.0.7:2368;
      keepalive 2; }
     upstream "b.example" { server 127.0.0.1 down; }
     log_format vhost escape=default '$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$upstream_addr"';
     server { server_name a.example; access_log /var/log/nginx/access.log vhost; location / { proxy_pass http://a.example; } } }`,
    {},
    ['a.example', 'b.example'],
  ],
  [
    'ingress-nginx: Lua with braces, quotes and comments of Lua’s own',
    `daemon off; events {} http { lua_shared_dict balancer_ewma 10M;
      init_by_lua_block { collectgarbage("collect") -- it's "one
        local ok, res = pcall(require, "x") if not ok then error("failed: }" .. tostring(res)) end
        x.set({ ports = { http = "80", note = [[ } ' ]] }, }) }
      log_format upstreaminfo '$remote_addr [$proxy_upstream_name] $upstream_addr $upstream_status';
      map $request_uri $loggable { default 1; }
      access_log /var/log/nginx/access.log upstreaminfo if=$loggable;
      upstream upstream_balancer { server 0.0.0.1; balancer_by_lua_block { balancer.balance() } keepalive 320; }
      server { server_name "~^(?<sub>[\\w-]{1,63})\\.a\\.example$" ; set $proxy_upstream_name "-";
        ssl_certificate_by_lua_block { certificate.call() }
        location ~* "^/a(/|$)(.*)" { set $proxy_upstream_name "a-b-80"; rewrite "(?i)/a(/|$)(.*)" /$2 break; proxy_pass http://upstream_balancer; }
        location ~* "^/x{2,3}" { return 404; } } }
     stream { upstream tcp { server 0.0.0.1:1234; balancer_by_lua_block { tcp_udp_balancer.balance() } } server { listen 9000; proxy_pass tcp; } }`,
    {},
    ['tcp', 'upstream_balancer'],
  ],
  [
    'Kong: an escaped JSON format, errors of a gateway',
    `error_log logs/error.log notice; events { multi_accept on; } http {
      log_format kong_log_format escape=json '{"status":"$status","upstream":"$upstream_addr"}';
      upstream kong_upstream { server 0.0.0.1; balancer_by_lua_block { Kong.balancer() } }
      server { listen 0.0.0.0:8000 reuseport backlog=16384; access_log logs/access.log kong_log_format;
        error_page 400 404 405 411 412 413 414 417 494 /kong_error_handler; error_page 500 502 503 504 /kong_error_handler;
        location / { set $upstream_scheme ''; set $upstream_uri ''; rewrite_by_lua_block { ;Kong.rewrite() }
          proxy_pass $upstream_scheme://kong_upstream$upstream_uri; }
        location @grpc { grpc_pass $upstream_scheme://kong_upstream; } } }`,
    {},
    ['kong_upstream'],
  ],
  [
    'APISIX: main’s env, Lua by file, a group for itself',
    `env APISIX_PROFILE; env PATH; pid logs/nginx.pid; worker_rlimit_core 16G; events { accept_mutex off; }
     thread_pool grpc-client-nginx-module threads=1;
     http { lua_package_path "$prefix/deps/?.lua;;"; log_format main escape=default '$remote_addr "$request" $status $upstream_addr';
       upstream apisix_backend { server 0.0.0.1; keepalive 320; balancer_by_lua_block { apisix.http_balancer_phase() } }
       upstream apisix_conf_backend { server 0.0.0.0:80; balancer_by_lua_block { local conf_server = require("apisix.conf_server"); conf_server.balancer() } }
       server { listen 0.0.0.0:9080 default_server reuseport; server_name _; access_log logs/access.log main buffer=16384 flush=3;
         location / { set $upstream_scheme 'http'; set $upstream_uri ''; proxy_pass $upstream_scheme://apisix_backend$upstream_uri; } } }`,
    {},
    ['apisix_backend', 'apisix_conf_backend'],
  ],
  [
    'SWAG: three variables a place, samples that are not read, an absolute include in a server',
    `events {} http { resolver 127.0.0.11; include /config/nginx/site-confs/*.conf; include /config/nginx/proxy-confs/*.subdomain.conf; }`,
    {
      '/config/nginx/site-confs/default.conf': `server { listen 443 ssl default_server; include /config/nginx/proxy-confs/*.subfolder.conf;
        location ~ ^(.+\\.php)(.*)$ { try_files $fastcgi_script_name =404; fastcgi_split_path_info ^(.+\\.php)(.*)$; fastcgi_pass 127.0.0.1:9000; } }`,
      '/config/nginx/proxy-confs/a.subfolder.conf': `location ^~ /a { set $upstream_app a; set $upstream_port 8989; set $upstream_proto http;
        proxy_pass $upstream_proto://$upstream_app:$upstream_port; }`,
      '/config/nginx/proxy-confs/b.subdomain.conf': `server { server_name b.*; location / { set $upstream_app b; set $upstream_port 7878; set $upstream_proto http;
        proxy_pass $upstream_proto://$upstream_app:$upstream_port; } location ~ (/b)?/api { return 403; } }`,
      '/config/nginx/proxy-confs/c.subdomain.conf.sample': 'not { a configuration',
    },
    ['127.0.0.1:9000', 'a:8989', 'b:7878'],
  ],
  [
    'GitLab: a socket, a hash of formats, maps of regexes',
    `events {} http { log_format gitlab_access '$remote_addr - $remote_user [$time_local] "$request_method $filtered_request_uri $server_protocol" $status $body_bytes_sent "$filtered_http_referer" "$http_user_agent" $gzip_ratio';
      map $request_uri $temp_request_uri_1 { default $request_uri; ~(?i)^(?<start>.*)(?<temp>[\\?&]private[\\-_]token)=[^&]*(?<rest>.*)$ "$start$temp=[FILTERED]$rest"; }
      upstream gitlab-workhorse { server unix:/var/opt/gitlab/gitlab-workhorse/sockets/socket; }
      server { listen *:80; location ~ (/api/v\\d/jobs/\\d+/artifacts$|\\.git/git-receive-pack$) { proxy_request_buffering off; proxy_pass http://gitlab-workhorse; }
        error_page 404 /404.html; location ~ ^/(404|500|502)(-custom)?\\.html$ { internal; } } }`,
    {},
    ['gitlab-workhorse'],
  ],
  [
    'h5bp: files in folders beside, a map of types, no upstream',
    `events {} http { include h5bp/security/server_software_information.conf; map $sent_http_content_type $cache_control { default "public, immutable"; ~*text/html ""; }
      include conf.d/*.conf; }`,
    {
      '/etc/nginx/h5bp/security/server_software_information.conf': 'server_tokens off;',
      '/etc/nginx/h5bp/location/security_file_access.conf':
        'location ~* /\\.(?!well-known\\/) { deny all; } location ~* (?:#.*#|\\.(?:bak|conf|dist|sw[op])|~)$ { deny all; }',
      '/etc/nginx/conf.d/.default.conf': 'server { listen 80; }',
      '/etc/nginx/conf.d/a.conf':
        'server { listen [::]:80; listen 80; server_name a.example; include h5bp/location/security_file_access.conf; }',
    },
    [],
  ],
  [
    'Nextcloud: a handler by name, locations in locations, a header over two lines',
    `events {} http { upstream php-handler { server unix:/run/php/php8.2-fpm.sock; }
      map $arg_v $asset_immutable { "" ""; default ", immutable"; }
      server { add_header Referrer-Policy "no-referrer"
          always; location ^~ /.well-known { location = /.well-known/carddav { return 301 /remote.php/dav/; } }
        location ~ \\.php(?:$|/) { fastcgi_pass php-handler; fastcgi_param HTTPS on; }
        location ~ \\.(?:css|js|mjs|svg|gif)$ { try_files $uri /index.php$request_uri; location ~ \\.mjs$ { default_type text/javascript; } } } }`,
    {},
    ['php-handler'],
  ],
  [
    'mailcow: IPv6 names, two ports of one host, mail beside http',
    `events {} http { server { listen 127.0.0.1:65510; location /a { proxy_pass http://rspamd:11334/; } location ~ \\.php$ { fastcgi_pass phpfpm:9002; } location / { fastcgi_pass phpfpm:9001; } } }
     mail { auth_http 127.0.0.1:9082/; server { listen 143; protocol imap; proxy on; } }`,
    {},
    ['phpfpm:9001', 'phpfpm:9002', 'rspamd:11334'],
  ],
  [
    'Plesk: a vhost’s own files, a quoted path with a blank',
    `events {} http { include /etc/nginx/plesk.conf.d/vhosts/*.conf; }`,
    {
      '/etc/nginx/plesk.conf.d/vhosts/a.conf': `server { listen 192.0.2.1:443 ssl http2; server_name "a.example";
        location / { proxy_pass https://192.0.2.1:7081; proxy_hide_header upgrade; }
        access_log "/var/www/vhosts/system/a.example/logs/proxy_access_ssl_log"; include "/var/www/vhosts/system/a.example/conf/vhost nginx.conf"; }`,
      '/var/www/vhosts/system/a.example/conf/vhost nginx.conf':
        'location ~ ^/live/ { proxy_pass http://127.0.0.1:3000; }',
    },
    ['127.0.0.1:3000', '192.0.2.1:7081'],
  ],
  [
    'cPanel and engintron: a map chooses the port, names from a client',
    `events {} http { include /etc/nginx/conf.d/*.conf; }`,
    {
      '/etc/nginx/conf.d/default.conf': `map $scheme $PROXY_PORT { default 8080; https 8443; }
        server { listen 80 default_server; set $PROXY_DOMAIN_OR_IP $host; set $PROXY_TO_PORT 8080; include proxy_params_common; location / { proxy_pass $scheme://$PROXY_DOMAIN_OR_IP:$PROXY_TO_PORT; } }`,
      '/etc/nginx/proxy_params_common': 'proxy_set_header Host $host;',
    },
    [],
  ],
  [
    'OpenResty: Lua in one quoted argument, a content block with a string of braces',
    `events {} http { lua_package_path '/srv/lua/?.lua;;';
      upstream redis_cluster { server 127.0.0.1:6379; keepalive 128; }
      server { location /a { content_by_lua 'local res = ngx.location.capture("/r"); if res.status == 200 then ngx.say(\\'{"s":"ok"}\\') end'; }
        location /b { content_by_lua_block { ngx.say("}{" .. '"' .. [==[ ]] } ]==]) --[[ } ]] } } location /r { internal; redis2_pass redis_cluster; } } }`,
    {},
    ['redis_cluster'],
  ],
  [
    'NGINX Plus: state files, checks, zones, names of services',
    `events {} http { resolver 10.0.0.2; upstream app { zone app 64k; state /var/lib/nginx/state/app.conf; least_time header; }
       upstream srv { zone srv 64k; server b.example service=http resolve; sticky cookie srv_id expires=1h; }
       match ok { status 200-399; body !~ "maintenance mode"; }
       server { location / { proxy_pass http://app; health_check match=ok interval=5s; } location /s { proxy_pass http://srv; } location = /api { api write=on; } } }`,
    { '/var/lib/nginx/state/app.conf': 'server 10.0.0.1:80;\nserver 10.0.0.2:80 down;\n' },
    ['app', 'srv'],
  ],
];

test.each(trees)('%s', (_, main, others, expected) => {
  const { problems, upstreams } = configurationOf(main, others);
  expect(problems).toEqual([]);
  expect(upstreams.map(({ name }) => name).sort()).toEqual(expected);
});
