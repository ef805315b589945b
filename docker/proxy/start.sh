#!/bin/sh
# nginx asks a name server of its own for each upstream, so that a service that comes back under
# another address is found; which one that is, only the container's engine knows.
set -eu
resolver="$(sed -n 's/^nameserver[[:space:]]*//p' /etc/resolv.conf | head -n 1)"
case "$resolver" in *:*) resolver="[$resolver]" ;; esac
sed "s/@RESOLVER@/${resolver:-127.0.0.11}/" /etc/nginx/nginx.conf.template >/tmp/nginx.conf
exec nginx -e stderr -c /tmp/nginx.conf
