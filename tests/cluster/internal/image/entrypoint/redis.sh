#!/bin/sh
# Starts Redis as the official image does: flags or a configuration file alone are for redis-server; root gives its rights up.
set -eu

case "${1:-}" in
-* | *.conf) set -- redis-server "$@" ;;
esac
if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
	find . \! -user redis -exec chown redis '{}' +
	exec setpriv --reuid redis --regid redis --clear-groups -- "$0" "$@"
fi
umask 0077
exec "$@"
