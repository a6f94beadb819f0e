#!/bin/bash
# Starts MariaDB as the official image does: MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD,
# MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD, MARIADB_ROOT_HOST (and _FILE of the values, and MYSQL_ for MARIADB_), and the scripts in
# /docker-entrypoint-initdb.d.
set -euo pipefail

# value prints a variable by either prefix, or what is in the file that it names.
value() {
	local prefix name file
	for prefix in MARIADB MYSQL; do
		name="${prefix}_$1" file="${prefix}_$1_FILE"
		if [ -n "${!name:-}" ]; then printf '%s' "${!name}" && return; fi
		if [ -n "${!file:-}" ]; then cat "${!file}" && return; fi
	done
}

# literal quotes a text for SQL.
literal() {
	local text=${1//\\/\\\\}
	printf "'%s'" "${text//\'/\\\'}"
}

case "${1:-}" in
-*) set -- mariadbd "$@" ;;
esac
case "${1:-}" in
mariadbd | mysqld) ;;
*) exec "$@" ;;
esac

data=/var/lib/mysql
for argument in "$@"; do
	case "$argument" in
	--datadir=*) data=${argument#--datadir=} ;;
	esac
done
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$data" /run/mysqld
	find "$data" /run/mysqld \! -user mysql -exec chown mysql:mysql '{}' +
	exec setpriv --reuid mysql --regid mysql --init-groups -- "$0" "$@"
fi

if [ ! -d "$data/mysql" ]; then
	root=$(value ROOT_PASSWORD)
	if [ -n "$(value RANDOM_ROOT_PASSWORD)" ]; then
		root=$(head -c 24 /dev/urandom | base64)
		echo "GENERATED ROOT PASSWORD: $root"
	fi
	if [ -z "$root" ] && [ -z "$(value ALLOW_EMPTY_ROOT_PASSWORD)$(value ALLOW_EMPTY_PASSWORD)" ]; then
		echo 'Database is uninitialized and password option is not specified: set MARIADB_ROOT_PASSWORD' >&2
		exit 1
	fi
	mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db --cross-bootstrap >/dev/null

	# No TCP while the database is being filled: nobody must take it for ready.
	"$@" --skip-networking --socket=/run/mysqld/mysqld.sock &
	server=$!
	sql=(mariadb --protocol=socket --socket=/run/mysqld/mysqld.sock -uroot)
	for _ in $(seq 300); do
		if "${sql[@]}" -e 'SELECT 1' >/dev/null 2>&1; then break; fi
		if ! kill -0 "$server" 2>/dev/null; then
			echo 'the database ended while it was being set up' >&2
			exit 1
		fi
		sleep 0.1
	done
	database=$(value DATABASE) user=$(value USER) password=$(value PASSWORD) host=$(value ROOT_HOST)
	{
		if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
		if [ -n "$user" ]; then
			echo "CREATE USER $(literal "$user")@'%' IDENTIFIED BY $(literal "$password");"
			if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(literal "$user")@'%';"; fi
		fi
		echo "CREATE USER 'root'@$(literal "${host:-%}") IDENTIFIED BY $(literal "$root");"
		echo "GRANT ALL ON *.* TO 'root'@$(literal "${host:-%}") WITH GRANT OPTION;"
		echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD($(literal "$root"));"
	} | "${sql[@]}"
	# The password in a file, not in the arguments that every process can read.
	mine=$(mktemp)
	printf '[client]\nuser=root\npassword="%s"\n' "$root" >"$mine"
	sql=(mariadb "--defaults-extra-file=$mine" --protocol=socket --socket=/run/mysqld/mysqld.sock)
	for file in /docker-entrypoint-initdb.d/*; do
		case "$file" in
		*.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
		*.sql) "${sql[@]}" ${database:+"$database"} <"$file" ;;
		*.sql.gz) gunzip -c "$file" | "${sql[@]}" ${database:+"$database"} ;;
		esac
	done
	"${sql[@]}" -e SHUTDOWN
	wait "$server"
	rm -f "$mine"
	echo 'MariaDB init process done. Ready for start up.'
fi

exec "$@"
